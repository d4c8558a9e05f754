#include "vl/dub/file_digests.h"

#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"

namespace vl::dub {
namespace {

namespace fs = std::filesystem;

TEST(FileDigests, AFileIsHashedAgainOnlyWhenItChanged) {
  const test::TempDir folder;
  const fs::path file = folder.path() / "a.bin";
  const FileDigests digests(folder.path() / "cache");
  write_file_atomic(file.string(), "one");
  EXPECT_EQ(digests.of(file), sha256_hex("one"));
  // The record answers: a forged one is believed while the file looks the same.
  const fs::path record = fs::directory_iterator(folder.path() / "cache/digests")->path();
  std::string text = read_file(record.string());
  const std::string real = sha256_hex("one"), forged(64, 'f');
  text.replace(text.find(real), real.size(), forged);
  write_file_atomic(record.string(), text);
  EXPECT_EQ(digests.of(file), forged);
  write_file_atomic(file.string(), "two!");
  EXPECT_EQ(digests.of(file), sha256_hex("two!"));
  EXPECT_THROW(digests.of(folder.path() / "absent"), Error);
}

TEST(FileDigests, ACacheThatCannotBeWrittenIsNoError) {
  const test::TempDir folder;
  const fs::path file = folder.path() / "a.bin";
  write_file_atomic(file.string(), "one");
  EXPECT_EQ(FileDigests("/proc/nowhere").of(file), sha256_hex("one"));
}

}  // namespace
}  // namespace vl::dub
