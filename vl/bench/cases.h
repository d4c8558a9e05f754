#pragma once

#include <functional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include "vl/dub/model_set.h"

namespace vl::bench {

/// What a stage case is prepared from.
struct CaseRequest {
  dub::ModelSet& models;
  double clip_s = 5;
  int64_t samples = 8;  ///< different inputs of this length
  int64_t batch = 1;    ///< clips of one query; above 1 only for cases that take it
};

/// A stage with its models loaded and its inputs in memory.
struct PreparedCase {
  int64_t samples = 0;
  /// Runs the stage once over sample 0..samples - 1. Everything in it is timed.
  std::function<void(int64_t sample)> query;
  std::string inputs_sha256;   ///< of the bytes of all samples
  nlohmann::json config = {};  ///< what else decides the work: the models' configurations, shapes
  /// [N, classes] of fixed inputs, by which an engine is compared with another; may be absent.
  std::function<at::Tensor()> logits = {};
  /// What people should read beside a row with this median; may be absent.
  std::function<std::vector<std::string>(double p50_ms)> remarks = {};
};

/// One stage alone, its inputs already on the device (`--stage NAME`, kind = stage).
struct StageCase {
  std::string name;  ///< "rvc.content"
  /// Of the row that its median also belongs to, in the unit that its name ends with:
  /// "rvc_feat_ms"; may be empty.
  std::string column;
  /// Loads models and makes inputs; not timed. @throws Error of the models
  PreparedCase (*prepare)(const CaseRequest& request);
  bool batched = false;  ///< whether a query can be several clips at once
};

/// All cases, one list a model family.
const std::vector<StageCase>& stage_cases();
/// @throws Error(kBadValue) with the nearest name
const StageCase& find_case(const std::string& name);

std::vector<StageCase> rvc_cases();
std::vector<StageCase> vallex_cases();
std::vector<StageCase> speech_cases();   ///< FastPitch and HiFi-GAN
std::vector<StageCase> picture_cases();  ///< Wav2Lip and the face finder
std::vector<StageCase> video_cases();    ///< faces of a clip, compositing, decoding, encoding

}  // namespace vl::bench
