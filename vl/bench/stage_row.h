#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/bench/runner.h"
#include "vl/core/bench_row.h"

namespace vl::bench {

/// The complete configuration of one row, defaults included, no facts of the machine: what
/// config_hash is made of. Axes that a single stage does not have are "-".
struct StageConfig {
  std::string stage, engine, precision = "fp32", weights;
  Profile profile;
  double clip_s = 0;
  int64_t samples = 0, threads = 0;
  int64_t batch = 1;  ///< clips of one query
  uint64_t seed = 0;
  nlohmann::json models = nlohmann::json::object();  ///< role -> SHA-256
  std::string inputs_sha256;
  nlohmann::json work = {};  ///< PreparedCase::config
};
nlohmann::json to_json(const StageConfig& config);

/// What the columns need beside configuration and run.
struct RowFacts {
  std::string run_id, utc, env_hash, build;
  std::string column;  ///< StageCase::column
};

/// A row and what people should read about it.
struct StageResult {
  BenchRow row;
  std::vector<Remark> invalid, warnings;
  std::vector<std::string> remarks;  ///< what the case says about its own figures
};

/// The row of one engine's run: kind = stage, scenario = single, `label` is the stage's name.
/// Latencies are those of a query, rates and the stage's own column those of a clip.
/// Percentiles and estimates that n does not allow, and whatever was not measured, stay NA.
StageResult stage_row(const StageConfig& config, const RowFacts& facts, const EngineRun& run);

}  // namespace vl::bench
