#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vl/models/fastpitch/fastpitch.h"

namespace vl::stages {

/// How long a line is expected to be, symbol by symbol.
struct ProsodyPlan {
  std::vector<double> durations_s;  ///< per symbol of FastPitch's text
  std::vector<double> pitch;        ///< per symbol, standardised as FastPitch gives it
  double seconds = 0.0;
};

/// FastPitch's durations and pitch for a line.
/// @param ids symbols of the text, not empty
ProsodyPlan plan_prosody(const models::fastpitch::FastPitch& model,
                         const std::vector<int64_t>& ids);

/// Scales all durations so that the line lasts `seconds`.
ProsodyPlan scale_plan(const ProsodyPlan& plan, double seconds);

}  // namespace vl::stages
