#include "vl/core/spool.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

#include "tests/core/support.h"
#include "tests/support/paths.h"
#include "vl/core/file.h"

namespace vl {
namespace {

namespace fs = std::filesystem;
using test::error_of;

TEST(Spool, KeepsBytesAndLeavesNoName) {
  const test::TempDir dir;
  Spool spool(dir.path().string());
  spool.append("hello ", 6);
  spool.append("world", 5);
  spool.write_at(0, "J", 1);
  spool.write_at(13, "!", 1);
  ASSERT_EQ(spool.size(), 14u);
  std::string got(14, '?');
  spool.read(0, got.data(), got.size());
  EXPECT_EQ(got, std::string("Jello world\0\0!", 14));
  EXPECT_EQ(read_file(spool.path()), got);
  EXPECT_TRUE(fs::is_empty(dir.path()));
}

TEST(Spool, ReadingPastTheEndIsAnError) {
  const test::TempDir dir;
  Spool spool(dir.path().string());
  spool.append("abc", 3);
  char two[2];
  EXPECT_EQ(error_of([&] { spool.read(2, two, 2); })->code(), Code::kNotFound);
}

TEST(Spool, TakesAllOfAPipe) {
  const test::TempDir dir;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::thread writer([&] {
    for (int i = 0; i < 300; ++i) write_all(ends[1], std::string(7001, 'a' + i % 26), "pipe", 0);
    ::close(ends[1]);
  });
  Spool spool(dir.path().string());
  spool.append_from(ends[0], "a pipe");
  writer.join();
  ::close(ends[0]);
  ASSERT_EQ(spool.size(), 300u * 7001);
  char last;
  spool.read(spool.size() - 1, &last, 1);
  EXPECT_EQ(last, 'a' + 299 % 26);
  EXPECT_EQ(error_of([&] { spool.append_from(-1, "nothing"); })->code(), Code::kNotFound);
}

TEST(Spool, FoldersThatCannotBe) {
  const test::TempDir dir;
  std::ofstream(dir / "file") << "x";
  for (const std::string& folder : {(dir / "absent").string(), (dir / "file").string()})
    EXPECT_EQ(error_of([&] { Spool spool(folder); })->code(), Code::kNotWritable) << folder;
}

TEST(Spool, AFailedWriteIsAnErrorOfTheOutput) {
  const test::TempDir dir;
  Spool spool(dir.path().string());
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1 << 16, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string block(1 << 17, 'x');
  const auto error = error_of([&] { spool.append(block.data(), block.size()); });
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Code::kNotWritable);
  EXPECT_EQ(spool.size(), 0u);
}

TEST(SpoolOf, CountsElementsAndIsReadByManyThreads) {
  const test::TempDir dir;
  SpoolOf<int32_t> spool(dir.path().string());
  std::vector<int32_t> block(1000);
  for (int i = 0; i < 100; ++i) {
    std::iota(block.begin(), block.end(), 1000 * i);
    spool.append(block.data(), block.size());
  }
  ASSERT_EQ(spool.size(), 100000u);
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 4; ++t)
    readers.emplace_back([&, t] {
      std::vector<int32_t> got(777);
      for (uint64_t begin = static_cast<uint64_t>(t) * 31; begin + 777 <= 100000; begin += 1777) {
        spool.read(begin, got.data(), got.size());
        for (size_t i = 0; i < got.size(); ++i) wrong += got[i] != static_cast<int32_t>(begin + i);
      }
    });
  for (auto& r : readers) r.join();
  EXPECT_EQ(wrong, 0);
  const int32_t minus = -1;
  spool.write_at(5, &minus, 1);
  int32_t got[2];
  spool.read(4, got, 2);
  EXPECT_EQ(got[0], 4);
  EXPECT_EQ(got[1], -1);
}

}  // namespace
}  // namespace vl
