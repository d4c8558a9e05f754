#include "vl/core/file.h"

#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/core/support.h"
#include "tests/support/paths.h"

namespace vl {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::outcome_of;

size_t entries(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), {}));
}

TEST(AtomicFile, AppearsOnlyAfterCommit) {
  const test::TempDir dir;
  const std::string path = dir / "out.bin";
  AtomicFile file(path, false);
  file.write("hel");
  file.write("lo");
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(file.part_path(), (dir / ".out.bin.part").string());
  EXPECT_TRUE(fs::exists(file.part_path()));
  file.commit();
  EXPECT_EQ(read_file(path), "hello");
  EXPECT_EQ(entries(dir.path()), 1u);
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const test::TempDir dir;
  { AtomicFile(dir / "out.bin", false).write("x"); }
  EXPECT_EQ(entries(dir.path()), 0u);
}

TEST(AtomicFile, KeepsTheOldFileUntilCommit) {
  const test::TempDir dir;
  const std::string path = dir / "out.bin";
  write_file_atomic(path, "old");
  { AtomicFile(path, true).write("new"); }
  EXPECT_EQ(read_file(path), "old");
  write_file_atomic(path, "new", true);
  EXPECT_EQ(read_file(path), "new");
}

TEST(AtomicFile, RefusesATargetMadeMeanwhile) {
  const test::TempDir dir;
  const std::string path = dir / "out.bin";
  AtomicFile file(path, false);
  file.write("mine");
  std::ofstream(path) << "theirs";
  EXPECT_EQ(error_of([&] { file.commit(); })->code(), Code::kOutputExists);
  EXPECT_EQ(read_file(path), "theirs");
}

TEST(AtomicFile, FollowsALink) {
  const test::TempDir dir;
  write_file_atomic(dir / "real", "old");
  fs::create_symlink(dir / "real", dir / "link");
  write_file_atomic(dir / "link", "new");
  EXPECT_TRUE(fs::is_symlink(dir / "link"));
  EXPECT_EQ(read_file(dir / "real"), "new");
}

TEST(AtomicFile, AnotherWriterMayFillThePart) {
  const test::TempDir dir;
  AtomicFile file(dir / "out.mp4", false);
  std::ofstream(file.part_path()) << "library";
  file.commit();
  EXPECT_EQ(read_file(dir / "out.mp4"), "library");
}

TEST(CheckOutput, Cases) {
  const test::TempDir dir;
  write_file_atomic(dir / "out.mp4", "x");
  write_file_atomic(dir / "file", "x");
  fs::create_directory(dir / "folder");
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  const struct {
    std::string path;
    bool overwrite;
    std::string want;
  } cases[] = {
      {dir / "new.mp4", false, "ok"},
      {dir / "out.mp4", true, "ok"},
      {dir / "out.mp4", false, "E1201 " + (dir / "out.mp4").string() + " exists: use --overwrite"},
      {dir / "folder", true,
       "E1202 cannot write " + (dir / "folder").string() + ": it is a folder"},
      {dir / "pipe", true,
       "E1202 cannot write " + (dir / "pipe").string() + ": it is not a regular file"},
      {dir / "no/out.mp4", true,
       "E1202 cannot write " + (dir / "no/out.mp4").string() + ": the folder " +
           (dir / "no").string() + " does not exist"},
      {dir / "file/out.mp4", true,
       "E1202 cannot write " + (dir / "file/out.mp4").string() + ": Not a directory"},
      {"/proc/voxlip.mp4", true, "E1202"},
      {"", true, "E1202 cannot write : it names no file"},
  };
  for (const auto& c : cases) {
    const std::string got =
        outcome_of([&] { AtomicFile(c.path, c.overwrite).commit(); }).substr(0, c.want.size());
    EXPECT_EQ(got, c.want) << c.path;
  }
  EXPECT_EQ(outcome_of([&] { check_output(dir / "out.mp4", false); }).substr(0, 5), "E1201");
}

TEST(WriteAll, Errors) {
  const struct {
    const char* device;
    int mode;
    uint64_t before;
    std::string want;
  } cases[] = {
      {"/dev/full", O_WRONLY, 0, "E1203 disk full at 0 MiB"},
      {"/dev/full", O_WRONLY, (7ull << 20) + 5, "E1203 disk full at 7 MiB"},
      {"/dev/null", O_WRONLY, 0, "ok"},
      {"/dev/null", O_RDONLY, 0, "E1202 cannot write out: Bad file descriptor"},
  };
  for (const auto& c : cases) {
    const int fd = ::open(c.device, c.mode);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(outcome_of([&] { write_all(fd, "abc", "out", c.before); }), c.want);
    ::close(fd);
  }
}

TEST(ReadFile, Errors) {
  const test::TempDir dir;
  write_file_atomic(dir / "five", "12345");
  const std::string five = dir / "five", missing = dir / "missing", folder = dir.path();
  EXPECT_EQ(read_file(five, 5), "12345");
  EXPECT_EQ(outcome_of([&] { read_file(five, 4); }), "E0309 " + five + " is larger than 4 bytes");
  EXPECT_EQ(outcome_of([&] { read_file(missing); }),
            "E0301 cannot read " + missing + ": no such file");
  EXPECT_EQ(outcome_of([&] { read_file(folder); }),
            "E0301 cannot read " + folder + ": is a folder");
  EXPECT_EQ(outcome_of([&] { read_file("https://example.com/a.mp4"); }),
            "E0301 https://example.com/a.mp4 is a URL; Voxlip reads local files only");
}

TEST(Utf8, Cases) {
  const struct {
    const char* name;
    std::string bytes;
    bool valid;
  } cases[] = {
      {"ascii", "abc", true},
      {"empty", "", true},
      {"hangul", "안녕", true},
      {"emoji", "\xF0\x9F\x98\x80", true},
      {"last code point", "\xF4\x8F\xBF\xBF", true},
      {"above the last", "\xF4\x90\x80\x80", false},
      {"surrogate", "\xED\xA0\x80", false},
      {"overlong two", "\xC0\xAF", false},
      {"overlong three", "\xE0\x80\xAF", false},
      {"overlong four", "\xF0\x80\x80\xAF", false},
      {"cut", "\xEC\x95", false},
      {"lone continuation", "\x80", false},
      {"latin-1", "caf\xE9", false},
  };
  for (const auto& c : cases)
    EXPECT_EQ(invalid_utf8(c.bytes) == std::string::npos, c.valid) << c.name;
}

TEST(CleanText, Cases) {
  const struct {
    std::string in, want;
  } cases[] = {
      {"a\r\nb\r\n", "ok a\nb"},
      {"\xEF\xBB\xBFHello", "ok Hello"},
      {"a\rb", "ok a\rb"},
      {"a\n\n", "ok a"},
      {"", "ok "},
      {"\xFF", "E0307"},
  };
  for (const auto& c : cases) {
    std::string text;
    const std::string got = outcome_of([&] { text = clean_text(c.in, "t.txt"); });
    EXPECT_EQ(got == "ok" ? "ok " + text : got.substr(0, 5), c.want);
  }
}

}  // namespace
}  // namespace vl
