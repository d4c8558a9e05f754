#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/dub/model_set.h"

namespace vl::bench {

/// What a stage case is prepared from.
struct CaseRequest {
  dub::ModelSet& models;
  double clip_s = 5;
  int64_t samples = 8;  ///< different inputs of this length
};

/// A stage with its models loaded and its inputs in memory.
struct PreparedCase {
  int64_t samples = 0;
  /// Runs the stage once over sample 0..samples - 1. Everything in it is timed.
  std::function<void(int64_t sample)> query;
  std::string inputs_sha256;   ///< of the bytes of all samples
  nlohmann::json config = {};  ///< what else decides the work: the models' configurations, shapes
};

/// One stage alone, its inputs already on the device (`--stage NAME`, kind = stage).
struct StageCase {
  std::string name;    ///< "rvc.content"
  std::string column;  ///< of the row that its median also belongs to: "rvc_feat_ms"
  /// Loads models and makes inputs; not timed. @throws Error of the models
  PreparedCase (*prepare)(const CaseRequest& request);
};

/// All cases, one list a model family.
const std::vector<StageCase>& stage_cases();
/// @throws Error(kBadValue) with the nearest name
const StageCase& find_case(const std::string& name);

std::vector<StageCase> rvc_cases();

}  // namespace vl::bench
