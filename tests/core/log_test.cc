#include "vl/core/log.h"

#include <thread>

#include <nlohmann/json.hpp>

#include "tests/core/support.h"
#include "vl/core/events.h"

namespace vl {
namespace {

using nlohmann::json;
using test::Recorder;

TEST(Log, Levels) {
  const struct {
    const char* level;
    std::vector<std::string> want;
  } cases[] = {
      {"error", {"error: e"}},
      {"warn", {"error: e", "warn: w"}},
      {"info", {"error: e", "warn: w", "info: i 1"}},
      {"debug", {"error: e", "warn: w", "info: i 1", "debug: d"}},
      {"trace", {"error: e", "warn: w", "info: i 1", "debug: d", "trace: t"}},
  };
  for (const auto& c : cases) {
    Recorder out;
    log::setup(log::level_from(c.level), out.console);
    log::error("e");
    log::warn("w");
    log::info("i {}", 1);
    log::debug("d");
    log::trace("t");
    EXPECT_EQ(out.lines(), c.want) << c.level;
    log::shutdown();
    log::error("nobody listens");
    EXPECT_EQ(out.lines().size(), c.want.size());
  }
  EXPECT_EQ(test::outcome_of([] { log::level_from("warm"); }),
            "E0202 unknown log level \"warm\"; did you mean \"warn\"?");
}

TEST(Log, HumanLinesNeverStartWithABrace) {
  Recorder out;
  log::setup(log::Level::kInfo, out.console);
  log::info("{{\"a\":1}}\n{{\"b\":2}}");
  log::shutdown();
  EXPECT_EQ(out.text, "info: {\"a\":1}\n  {\"b\":2}\n");
}

TEST(Log, Color) {
  Recorder out(true, true);
  log::setup(log::Level::kInfo, out.console);
  log::error("e");
  log::shutdown();
  EXPECT_EQ(out.text, "\x1b[31merror\x1b[0m: e\n");
}

TEST(Log, JsonLines) {
  Recorder out;
  double now = 5;
  EventStream events(out.console, [&] { return now; });
  log::setup(log::Level::kInfo, out.console, &events);
  now = 6.25;
  log::info("models loaded");
  log::info("bad \xFF byte\nnext");
  log::shutdown();
  ASSERT_EQ(out.lines().size(), 2u);
  EXPECT_EQ(out.lines()[0], R"({"event":"log","seq":1,"t_ms":1.25,"job":null,"level":"info",)"
                            R"("message":"models loaded"})");
  EXPECT_EQ(json::parse(out.lines()[1])["message"], "bad \xEF\xBF\xBD byte\nnext");
}

TEST(Log, ManyThreadsGiveWholeNumberedLines) {
  Recorder out;
  EventStream events(out.console);
  log::setup(log::Level::kInfo, out.console, &events);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([] {
      for (int i = 0; i < 100; ++i) log::info("line {}", i);
    });
  for (std::thread& t : threads) t.join();
  log::shutdown();
  const auto lines = out.lines();
  ASSERT_EQ(lines.size(), 400u);
  for (size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(json::parse(lines[i])["seq"], i + 1);
}

TEST(Console, StatusStaysBelowLines) {
  Recorder out(true);
  out.console.status("lips 1%");
  out.console.line("info: x");
  out.console.end_status("done");
  out.console.end_status("again");
  EXPECT_EQ(out.text, "\r\x1b[Klips 1%\r\x1b[Kinfo: x\nlips 1%\r\x1b[Kdone\n");
  Recorder plain(false);
  plain.console.status("lips 1%");
  EXPECT_EQ(plain.text, "");
}

}  // namespace
}  // namespace vl
