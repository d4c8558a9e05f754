#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vl/bench/environment.h"
#include "vl/bench/stage_row.h"
#include "vl/core/fields.h"
#include "vl/dub/model_set.h"

namespace vl::bench {

/// Flags of `bench run`.
struct BenchOptions {
  std::vector<std::string> stage;
  std::vector<double> clips = {5, 10, 30};
  std::vector<int64_t> batch = {1};
  std::string profile = "standard";
  std::vector<std::string> engines;  ///< empty: the one that --engine names
  std::string out;
};
void describe(BenchOptions& options, Fields& fields);
/// @throws Error(kMissingArgument, kBadValue) for what does not name a stage, profile or engine,
/// and for a batch that one of the stages does not take
void validate(const BenchOptions& options);

/// Where and as what the bench runs.
struct BenchSetting {
  dub::ModelPlaces places;  ///< an empty pack is `fullsize`
  BuildFacts build;
  uint64_t seed = 0;
  bool overwrite = false;
  bool half = false;  ///< the engine "fused" keeps weights as bfloat16 where a model can
  std::function<void()> check_cancelled = [] {};
  /// Told about every row as it is finished.
  std::function<void(const StageResult&)> on_row = [](const StageResult&) {};
};

struct BenchOutcome {
  std::vector<BenchRow> rows;
  std::string env_hash;
  std::vector<std::string> files;
};

/// Runs every stage at every length and batch, engines interleaved, and writes rows.csv,
/// queries.jsonl (raw times), config.json ({config_hash: configuration}) and env.json into the
/// folder `out`, all of them at the end. Every case gets its models anew, so that the peak memory
/// of a row is its own.
/// @throws Error(kOutputExists) before anything runs, errors of the models
BenchOutcome bench_stages(const BenchOptions& options, const BenchSetting& setting);

}  // namespace vl::bench
