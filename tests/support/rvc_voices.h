#pragma once

#include "tests/support/rvc_parity.h"
#include "vl/stages/convert_voice.h"

namespace vl::test {

/// The parity set's networks as one voice: part "v2_40k_f0" and the like; index "index_v2.index",
/// or empty.
inline stages::ConvertVoice rvc_voice(const std::string& part, const std::string& index = {}) {
  static const auto content = rvc_model<models::hubert::Hubert>("content", "hubert");
  static const auto f0 = rvc_model<models::rmvpe::Rmvpe>("f0", "rmvpe");
  stages::RvcModels models{content, f0, rvc_model<models::rvc::Rvc>("rvc", part), nullptr};
  if (!index.empty()) {
    const std::string path = data("parity/rvc/" + index).string();
    models.index = models::build_as<models::rvc::FeatureIndex>(
        models::read_model("rvc-index", weights::read_checkpoint(path)), path);
  }
  return stages::ConvertVoice(std::move(models));
}

/// RMVPE, speaker 1, chunks joined as the public program does: how the goldens were made.
inline stages::RvcSettings rvc_golden_settings() {
  stages::RvcSettings s;
  s.f0_method = stages::F0Method::kRmvpe;
  s.speaker = 1;
  s.exact_length = false;
  return s;
}

}  // namespace vl::test
