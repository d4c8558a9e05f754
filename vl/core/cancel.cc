#include "vl/core/cancel.h"

#include <csignal>
#include <mutex>
#include <vector>

#include <unistd.h>

#include "vl/core/error.h"

namespace vl {

namespace {

static_assert(std::atomic<int>::is_always_lock_free);
std::atomic<std::atomic<int>*> signal_target{nullptr};
std::atomic<int> signals_seen{0};

void on_signal(int) {
  if (signals_seen.fetch_add(1) > 0) _exit(130);
  std::atomic<int>* target = signal_target.load();
  int none = 0;
  if (target != nullptr)
    target->compare_exchange_strong(none, static_cast<int>(CancelReason::kSignal));
}

void mask_signals(int how) {
  sigset_t both;
  sigemptyset(&both);
  sigaddset(&both, SIGINT);
  sigaddset(&both, SIGTERM);
  pthread_sigmask(how, &both, nullptr);
}

}  // namespace

CancelToken::CancelToken() : reason_(std::make_shared<std::atomic<int>>(0)) {}

void CancelToken::cancel(CancelReason reason) const {
  int none = 0;
  reason_->compare_exchange_strong(none, static_cast<int>(reason));
}

void CancelToken::check() const {
  if (reason() == CancelReason::kSignal) throw Error(Code::kCancelled, "cancelled by a signal");
  if (cancelled()) throw Error(Code::kCancelledByApi, "cancelled on request");
}

void cancel_on_signals(const CancelToken& token) {
  // A handler may still run with an older target, so none of them is ever freed.
  static std::mutex mutex;
  static std::vector<std::shared_ptr<std::atomic<int>>> kept;
  const std::lock_guard lock(mutex);
  kept.push_back(token.reason_);
  signal_target = token.reason_.get();
  signals_seen = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  mask_signals(SIG_UNBLOCK);
}

void check_signals() {
  if (signals_seen.load() > 0) throw Error(Code::kCancelled, "cancelled by a signal");
}

void hold_signals() { mask_signals(SIG_BLOCK); }

}  // namespace vl
