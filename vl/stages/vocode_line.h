#pragma once

#include <functional>
#include <memory>

#include <ATen/core/Tensor.h>

#include "vl/models/hifigan/generator.h"
#include "vl/stages/speak_line.h"

namespace vl::stages {

/// What a call of VocodeLine is given beside its line.
struct VocodeCalls {
  int64_t first_chunk = 512;  ///< frames of the first piece; a small one gives sound early
  int64_t fade_frames = 10;   ///< linear fade 1 to 0 at the end; fewer when the line is shorter
  std::function<void()> check = {};  ///< throws to cancel; called between pieces
  /// Sound as soon as it is ready, in order: float32 [samples], nominally in [-1, 1].
  std::function<void(const at::Tensor& wave)> sink;
};

/// Mel to sound with HiFi-GAN and its denoiser, in pieces with their exact context: joined they are
/// what one pass gives, up to float rounding, and memory does not grow with the line.
class VocodeLine {
 public:
  /// @param strength of the denoiser; 0: none
  /// @throws Error(kBadWeights) as run()
  VocodeLine(std::shared_ptr<const models::hifigan::Generator> generator, double strength);

  int64_t rate() const { return generator_->config().sampling_rate; }
  /// @throws Error(kBadWeights) for a sound that holds no numbers
  void run(const LineMel& line, const VocodeCalls& calls) const;

 private:
  at::Tensor span(const at::Tensor& mel, int64_t first, int64_t count) const;
  at::Tensor samples(const at::Tensor& mel, int64_t begin, int64_t end) const;

  std::shared_ptr<const models::hifigan::Generator> generator_;
  double strength_;
  at::Tensor bias_;
};

}  // namespace vl::stages
