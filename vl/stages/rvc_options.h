#pragma once

#include <optional>
#include <string>

#include "vl/core/fields.h"
#include "vl/stages/rvc_settings.h"

namespace vl::stages {

/// The flags of group RVC (spec cli.md section 7).
struct RvcOptions {
  std::string rvc_model, rvc_index;
  std::string pitch = "0";  ///< semitones, or "auto"
  double index_rate = 0.75, protect = 0.33, rms_mix_rate = 0.25;
  std::string f0_method = "auto";
  int64_t resample_sr = 0;  ///< Hz; 0: the voice's rate
  int64_t filter_radius = 3;
  std::string f0_file;
  int64_t speaker = 0;
  bool exact_length = true;
  std::string rvc_compat = "classic";

  /// Nothing for "auto". @throws Error(kBadValue) when it is neither that nor a number in -24..24
  std::optional<double> semitones() const;
  /// @throws Error(kBadValue, kExclusiveFlags)
  void validate() const;
};
void describe(RvcOptions& options, Fields& fields);

/// Does this choice use the model of role f0? auto takes it where it is to be had.
bool wants_rmvpe(const RvcOptions& options, bool available);

/// @param rmvpe the model of role f0 is there
/// @throws Error(kNotFound, kBadValue) for the f0 file
RvcSettings to_settings(const RvcOptions& options, bool rmvpe, uint64_t seed);

}  // namespace vl::stages
