#include "vl/pipeline/stage_cache.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "tests/support/paths.h"
#include "vl/core/file.h"

namespace vl::pipeline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr uint64_t kPlenty = 1 << 20;

class StageCacheTest : public testing::Test {
 protected:
  std::string put(StageCache& cache, const json& key, const std::string& bytes,
                  const json& meta = json::object()) {
    const std::string name = StageCache::name_of(key);
    write_file_atomic(cache.scratch(name).string(), bytes);
    cache.keep(name, key, meta);
    return name;
  }
  test::TempDir folder_;
};

TEST_F(StageCacheTest, TheNameDoesNotDependOnTheOrderOfKeys) {
  EXPECT_EQ(StageCache::name_of(json::parse(R"({"a":1,"b":[2,3]})")),
            StageCache::name_of(json::parse(R"({"b":[2,3],"a":1})")));
  EXPECT_NE(StageCache::name_of(json{{"a", 1}}), StageCache::name_of(json{{"a", 2}}));
}

TEST_F(StageCacheTest, WhatIsKeptIsFoundByAnotherRun) {
  StageCache first(folder_.path(), kPlenty, true);
  const std::string name = put(first, {{"stage", "faces"}}, "payload", {{"frames", 3}});
  StageCache second(folder_.path(), kPlenty, true);
  const auto hit = second.find(name);
  ASSERT_TRUE(hit);
  EXPECT_EQ(read_file(hit->path.string()), "payload");
  EXPECT_EQ(hit->meta["frames"], 3);
  EXPECT_FALSE(second.find(StageCache::name_of(json{{"stage", "other"}})));
  EXPECT_EQ(second.use().hits, 1);
  EXPECT_EQ(second.use().misses, 1);
  EXPECT_EQ(first.use().bytes_written, 7u);
}

TEST_F(StageCacheTest, DamagedAndHalfWrittenObjectsDoNotCount) {
  StageCache cache(folder_.path(), kPlenty, true);
  const std::string name = put(cache, {{"n", 1}}, "payload");
  const fs::path path = folder_.path() / "objects" / name.substr(0, 2) / name;
  ASSERT_TRUE(cache.find(name));
  std::ofstream(path) << "pAyload";
  EXPECT_FALSE(cache.find(name));
  EXPECT_FALSE(fs::exists(path));
  const std::string half = StageCache::name_of(json{{"n", 2}});
  write_file_atomic(cache.scratch(half).string(), "no record yet");
  EXPECT_FALSE(StageCache(folder_.path(), kPlenty, true).find(half));
}

TEST_F(StageCacheTest, TheOldestGoFirstAndNeverThoseInUse) {
  std::vector<std::string> names;
  {
    StageCache writer(folder_.path(), kPlenty, true);
    for (int i = 0; i < 3; ++i) {
      names.push_back(put(writer, {{"n", i}}, std::string(100, 'x')));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  StageCache cache(folder_.path(), 150, true);
  ASSERT_TRUE(cache.find(names[0]));  // the oldest is in use
  cache.trim();
  EXPECT_TRUE(cache.find(names[0]));
  EXPECT_FALSE(cache.find(names[1]));
  EXPECT_FALSE(cache.find(names[2]));
}

TEST_F(StageCacheTest, WhatIsHeldStaysReadableWhenAnotherProcessTrims) {
  StageCache job(folder_.path(), kPlenty, true);
  const std::string name = put(job, {{"n", 1}}, "payload");
  const fs::path path = job.find(name)->path;
  StageCache other(folder_.path(), 0, true);
  other.trim();
  EXPECT_FALSE(StageCache(folder_.path(), kPlenty, true).find(name));
  EXPECT_EQ(read_file(path.string()), "payload");
}

TEST_F(StageCacheTest, LeftOversGoAfterADay) {
  StageCache cache(folder_.path(), kPlenty, true);
  const std::string name = put(cache, {{"n", 1}}, "payload");
  const fs::path good = folder_.path() / "objects" / name.substr(0, 2) / name;
  const fs::path half = good.string() + ".123.new", fresh = good.string() + ".124.new";
  const fs::path scratch = folder_.path() / "scratch_99_0";
  for (const fs::path& p : {half, fresh}) std::ofstream(p) << "x";
  fs::create_directories(scratch);
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(30);
  for (const fs::path& p : {half, scratch, good}) fs::last_write_time(p, old);
  StageCache next(folder_.path(), kPlenty, true);
  next.trim();
  EXPECT_FALSE(fs::exists(half));
  EXPECT_FALSE(fs::exists(scratch));
  EXPECT_TRUE(fs::exists(fresh));
  EXPECT_TRUE(next.find(name));
}

TEST_F(StageCacheTest, WithoutACacheNothingIsFoundAndNothingStays) {
  {
    StageCache cache(folder_.path(), kPlenty, false);
    const std::string name = put(cache, {{"n", 1}}, "payload");
    EXPECT_FALSE(cache.find(name));
    EXPECT_FALSE(fs::is_empty(folder_.path()));
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

}  // namespace
}  // namespace vl::pipeline
