#include "vl/core/cancel.h"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/core/support.h"

namespace vl {
namespace {

TEST(Cancel, FirstReasonStays) {
  const struct {
    CancelReason first, second;
    std::string want;
  } cases[] = {
      {CancelReason::kSignal, CancelReason::kApi, "E1001 cancelled by a signal"},
      {CancelReason::kApi, CancelReason::kSignal, "E1002 cancelled on request"},
      {CancelReason::kNone, CancelReason::kNone, "ok"},
  };
  for (const auto& c : cases) {
    const CancelToken token, copy = token;
    token.check();
    token.cancel(c.first);
    copy.cancel(c.second);
    EXPECT_EQ(copy.cancelled(), c.want != "ok");
    EXPECT_EQ(test::outcome_of([&] { copy.check(); }), c.want);
  }
}

/// Exit status of a child that sends itself the signals and then ends with 0 or 10.
int status_of_child(const std::vector<int>& signals) {
  const pid_t child = ::fork();
  if (child == 0) {
    const CancelToken token;
    cancel_on_signals(token);
    for (int s : signals) ::raise(s);
    _exit(token.cancelled() ? 10 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Cancel, Signals) {
  const struct {
    std::vector<int> signals;
    int want;
  } cases[] = {{{}, 0},
               {{SIGINT}, 10},
               {{SIGTERM}, 10},
               {{SIGINT, SIGTERM}, 130},
               {{SIGTERM, SIGTERM}, 130},
               {{SIGPIPE}, 0}};
  for (const auto& c : cases) EXPECT_EQ(status_of_child(c.signals), c.want);
}

}  // namespace
}  // namespace vl
