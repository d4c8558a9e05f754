#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "vl/models/hubert/hubert.h"
#include "vl/models/rmvpe/rmvpe.h"
#include "vl/models/rvc/rvc.h"
#include "vl/stages/fit_slot.h"

namespace vl::stages {

struct ConvertOptions {
  double semitones = 0.0;
  int64_t speaker = 0;
  uint64_t seed = 0;
};

/// RVC over one piece of speech: padding, content features and f0 side by side, synthesizer. One
/// piece is one call; cutting long input, retrieval and the loudness mix belong to the verb
/// convert.
class ConvertVoice {
 public:
  /// @param f0 null: YIN
  ConvertVoice(std::shared_ptr<const models::hubert::Hubert> content,
               std::shared_ptr<const models::rmvpe::Rmvpe> f0,
               std::shared_ptr<const models::rvc::Rvc> voice)
      : content_(std::move(content)), f0_(std::move(f0)), voice_(std::move(voice)) {}

  /// @param wave [T] float32 at 16 kHz, at least 100 ms
  /// @return speech at the voice's sample rate, 10 to 20 ms shorter than the input
  /// @throws Error(kBadValue) for too little speech, Error(kIndexMismatch) when content and voice
  /// do not fit each other
  Speech run(const at::Tensor& wave, const ConvertOptions& options) const;

 private:
  at::Tensor features(const at::Tensor& padded) const;
  at::Tensor pitch(const at::Tensor& padded, double semitones) const;

  std::shared_ptr<const models::hubert::Hubert> content_;
  std::shared_ptr<const models::rmvpe::Rmvpe> f0_;
  std::shared_ptr<const models::rvc::Rvc> voice_;
};

}  // namespace vl::stages
