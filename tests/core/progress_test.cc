#include "vl/core/progress.h"

#include "tests/core/support.h"

namespace vl {
namespace {

using nlohmann::json;
using test::Recorder;

struct Rig {
  explicit Rig(ProgressMode mode, bool terminal = false)
      : out(terminal),
        events(out.console, [this] { return now; }),
        progress(events, out.console, mode, "dub_1", [this] { return now; }) {}

  std::vector<json> parsed(const std::string& event) const {
    std::vector<json> found;
    for (const std::string& line : out.lines()) {
      json v = json::parse(line);
      if (v["event"] == event) found.push_back(std::move(v));
    }
    return found;
  }

  double now = 0;
  Recorder out;
  EventStream events;
  Progress progress;
};

TEST(Progress, EventsHaveTheKeysOfTheContract) {
  Rig rig(ProgressMode::kJsonl);
  rig.progress.plan({{"vallex", 100}, {"lips", 100}});
  rig.now = 41;
  rig.progress.start("vallex", "cuda:0");
  rig.now = 200;
  rig.progress.end("vallex");
  rig.progress.start("lips");
  rig.now = 400;
  rig.progress.update("lips", 78, 125, "frames");
  rig.progress.line({{"line", 1}});
  rig.progress.warning({"W0103", "line 2 is 0.31 s too long", {.line = 2}});
  rig.now = 500;
  rig.progress.done({{"exit", 0}});
  rig.progress.done({{"exit", 0}});
  rig.progress.update("lips", 79, 125, "frames");
  const std::vector<std::string> want = {
      R"({"event":"stage","seq":1,"t_ms":41.0,"job":"dub_1","stage":"vallex","state":"start","device":"cuda:0"})",
      R"({"event":"progress","seq":2,"t_ms":41.0,"job":"dub_1","stage":"vallex","percent":0.0,"done":null,"total":null,"unit":null,"eta_ms":null})",
      R"({"event":"stage","seq":3,"t_ms":200.0,"job":"dub_1","stage":"vallex","state":"end","device":"cuda:0"})",
      R"({"event":"progress","seq":4,"t_ms":200.0,"job":"dub_1","stage":"vallex","percent":50.0,"done":null,"total":null,"unit":null,"eta_ms":200.0})",
      R"({"event":"stage","seq":5,"t_ms":200.0,"job":"dub_1","stage":"lips","state":"start","device":null})",
      R"({"event":"progress","seq":6,"t_ms":400.0,"job":"dub_1","stage":"lips","percent":81.2,"done":78,"total":125,"unit":"frames","eta_ms":92.611})",
      R"({"event":"line","seq":7,"t_ms":400.0,"job":"dub_1","fit":{"line":1}})",
      R"({"event":"warning","seq":8,"t_ms":400.0,"job":"dub_1","code":"W0103","message":"line 2 is 0.31 s too long","where":{"file":null,"stream":null,"frame":null,"line":2,"time_s":null}})",
      R"({"event":"done","seq":9,"t_ms":500.0,"job":"dub_1","result":{"exit":0}})",
  };
  EXPECT_EQ(rig.out.lines(), want);
}

TEST(Progress, OneToTenLinesASecondAndNeverFalling) {
  Rig rig(ProgressMode::kJsonl);
  rig.progress.start("face");
  for (int i = 1; i <= 2000; ++i) {  // 10 s of busy updates, the second half of a second stage
    rig.now = i * 5.0;
    if (i == 1000) rig.progress.start("lips");
    rig.progress.update(i < 1000 ? "face" : "lips", i % 1000 + 1, 1000, "frames");
    if (i % 20 == 0) rig.progress.tick();
  }
  for (; rig.now < 15000; rig.now += 100) rig.progress.tick();  // 5 s without an update
  const auto lines = rig.parsed("progress");
  double last = -1, last_percent = 0;
  size_t in_first_ten = 0;
  for (const json& line : lines) {
    const double t = line["t_ms"], percent = line["percent"];
    EXPECT_LE(t - std::max(last, 0.0), 1000);
    EXPECT_GE(percent, last_percent);
    EXPECT_LT(percent, 100);
    last = t, last_percent = percent;
    in_first_ten += t < 10000;
  }
  EXPECT_GE(last_percent, 99);
  EXPECT_LE(in_first_ten, 100u);
  EXPECT_GE(in_first_ten, 80u);
  EXPECT_GE(lines.size() - in_first_ten, 4u);
}

TEST(Progress, StalledAfterTenSilentSeconds) {
  Rig rig(ProgressMode::kJsonl);
  rig.progress.start("encode");
  for (; rig.now < 25000; rig.now += 100) rig.progress.tick();
  const auto stalled = rig.parsed("stalled");
  ASSERT_EQ(stalled.size(), 2u);
  EXPECT_EQ(stalled[0]["stage"], "encode");
  EXPECT_NEAR(stalled[0]["silent_ms"], 10000, 101);
  EXPECT_NEAR(stalled[1]["silent_ms"], 20000, 201);
  rig.progress.update("encode", 1, 2, "frames");
  for (const double end = rig.now + 9000; rig.now < end; rig.now += 100) rig.progress.tick();
  EXPECT_EQ(rig.parsed("stalled").size(), 2u);
}

TEST(Progress, Bar) {
  Rig rig(ProgressMode::kBar, true);
  rig.progress.plan({{"face", 24}, {"lips", 100}});
  rig.progress.skipped("face");
  rig.now = 669;
  rig.progress.start("lips");
  rig.out.text.clear();
  rig.now = 1000;
  rig.progress.update("lips", 78, 125, "frames");
  EXPECT_EQ(rig.out.text, "\r\x1b[Klips   69% 78/125 frames  0.44 s left");
  rig.now = 1050;
  rig.progress.update("lips", 79, 125, "frames");
  rig.now = 1100;
  rig.out.text.clear();
  rig.progress.tick();
  EXPECT_EQ(rig.out.text, "");  // too soon for another redraw
  rig.now = 1110;
  rig.progress.tick();
  EXPECT_NE(rig.out.text.find("79/125"), std::string::npos);
  rig.out.text.clear();
  rig.progress.warning({"W0108", "errors concealed", {}});
  EXPECT_EQ(rig.out.text.rfind("\r\x1b[Kwarning[W0108]: errors concealed\nlips", 0), 0u);
  rig.out.text.clear();
  rig.now = 9100;
  rig.progress.done(nullptr);
  EXPECT_EQ(rig.out.text, "\r\x1b[Kdone  100%  9.10 s\n");
}

TEST(Progress, NoneWritesWarningsOnly) {
  Rig rig(ProgressMode::kNone);
  rig.progress.start("lips");
  rig.progress.update("lips", 1, 2, "frames");
  rig.now = 30000;
  rig.progress.tick();
  rig.progress.warning({"W0108", "errors concealed", {}});
  rig.progress.error(nullptr);
  EXPECT_EQ(rig.out.text, "warning[W0108]: errors concealed\n");
}

TEST(Progress, Modes) {
  const Recorder pipe(false), terminal(true);
  const struct {
    const char* name;
    const Recorder& where;
    ProgressMode want;
  } cases[] = {{"auto", pipe, ProgressMode::kJsonl},      {"auto", terminal, ProgressMode::kBar},
               {"bar", pipe, ProgressMode::kNone},        {"bar", terminal, ProgressMode::kBar},
               {"jsonl", terminal, ProgressMode::kJsonl}, {"none", terminal, ProgressMode::kNone}};
  for (const auto& c : cases) EXPECT_EQ(progress_mode(c.name, c.where.console), c.want) << c.name;
  EXPECT_EQ(test::outcome_of([&] { progress_mode("barr", pipe.console); }),
            "E0202 unknown progress mode \"barr\"; did you mean \"bar\"?");
}

TEST(Progress, TickerTicks) {
  Recorder out;
  EventStream events(out.console);
  Progress progress(events, out.console, ProgressMode::kJsonl, "");
  progress.start("load");
  {
    const ProgressTicker ticker(progress);
    std::this_thread::sleep_for(std::chrono::milliseconds(1300));
  }
  size_t lines = 0;
  for (const std::string& line : out.lines()) lines += json::parse(line)["event"] == "progress";
  EXPECT_GE(lines, 2u);
}

}  // namespace
}  // namespace vl
