#include "vl/core/result.h"

#include <new>
#include <thread>

#include "tests/core/support.h"

namespace vl {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

Error no_face() {
  return Error(
             Code::kNoFace, "no face found in any of the 125 frames",
             Where{.file = "in.mp4",
                   .detail = "video stream 0, frames 0-124; best score 0.31 at frame 57 (2.28 s)"},
             {"look at job/face_best.png", "try --rotate 90"})
      .with_saved({"job/face_best.png"});
}

TEST(Result, ErrorJson) {
  EXPECT_EQ(
      error_json(no_face()).dump(),
      R"({"code":"E0401","exit":4,"message":"no face found in any of the 125 frames",)"
      R"("where":{"file":"in.mp4","stream":null,"frame":null,"line":null,"time_s":null},)"
      R"("do":["look at job/face_best.png","try --rotate 90"],"saved":["job/face_best.png"]})");
}

TEST(Result, WhereJson) {
  EXPECT_EQ(where_json({.file = "a", .stream = 0, .frame = 57, .line = 3, .time_s = 2.28}).dump(),
            R"({"file":"a","stream":0,"frame":57,"line":3,"time_s":2.28})");
}

TEST(Result, ErrorText) {
  EXPECT_EQ(error_text(no_face()),
            "error[E0401]: no face found in any of the 125 frames\n"
            "  where: in.mp4, video stream 0, frames 0-124; best score 0.31 at frame 57 (2.28 s)\n"
            "  do:    look at job/face_best.png; try --rotate 90\n"
            "  more:  voxlip --explain E0401");
  const Error bare(Code::kDiskFull, "disk full at 3 MiB\n{");
  EXPECT_EQ(error_text(bare),
            "error[E1203]: disk full at 3 MiB {\n"
            "  do:    free some space; choose another folder with --out and --job-dir\n"
            "  more:  voxlip --explain E1203");
  EXPECT_EQ(error_text(bare, true).rfind("\x1b[1;31merror[E1203]\x1b[0m: disk", 0), 0u);
}

TEST(Result, Envelope) {
  const struct {
    int exit;
    const char* status;
    bool whole;
  } cases[] = {{0, "ok", true},       {8, "failed", true},  {10, "cancelled", false},
               {11, "partial", true}, {14, "failed", true}, {4, "failed", false},
               {1, "failed", false}};
  for (const auto& c : cases) {
    const Outcome outcome{.version = "1.0.0",
                          .verb = "models list",
                          .exit = c.exit,
                          .elapsed_ms = 812.40004,
                          .warnings = {{"W0103", "m", {.line = 2}}}};
    const ordered_json doc = result_document(outcome, {{"job", "j1"}, {"models", json::array()}});
    EXPECT_EQ(
        doc.dump(),
        fmt::format(R"({{"schema":"voxlip.models-list/1","version":"1.0.0","verb":"models list",)"
                    R"("status":"{}","exit":{},"elapsed_ms":812.4,"warnings":[{{"code":"W0103",)"
                    R"("message":"m","where":{{"file":null,"stream":null,"frame":null,"line":2,)"
                    R"("time_s":null}}}}],"error":null,"job":"j1"{}}})",
                    c.status, c.exit, c.whole ? R"(,"models":[])" : ""));
  }
  EXPECT_EQ(result_document({.version = "1", .verb = "dub", .exit = 4, .error = no_face()}, nullptr)
                .at("job"),
            nullptr);
}

TEST(Result, AnyExceptionBecomesAnError) {
  EXPECT_EQ(as_error(no_face()).code(), Code::kNoFace);
  EXPECT_EQ(as_error(std::bad_alloc()).code(), Code::kHostMemory);
  EXPECT_EQ(as_error(std::runtime_error("x")).code(), Code::kInternal);
}

TEST(WarningList, KeepsEachWarningOnce) {
  WarningList list;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) list.add({"W0115", fmt::format("word {}", i), {}});
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(list.all().size(), 10u);
  EXPECT_FALSE(list.add({"W0115", "word 3", {}}));
  EXPECT_TRUE(list.add({"W0115", "word 3", {.line = 7}}));
  EXPECT_EQ(warning_line({"W0115", "word", {.file = "a.srt", .line = 7}}),
            "warning[W0115]: word (a.srt:7)");
}

}  // namespace
}  // namespace vl
