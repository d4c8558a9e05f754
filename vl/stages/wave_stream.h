#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "vl/models/encodec/encodec.h"
#include "vl/models/vocos/vocos.h"

namespace vl::stages {

/// EnCodec codes that come in pieces to one wave. With Vocos a sample leaves as soon as the frames
/// are there that it depends on, and equals that of one pass over all codes to rounding; memory
/// does not grow. EnCodec's own decoder, the choice where there is no Vocos, runs over all codes at
/// the end.
class WaveStream {
 public:
  WaveStream(std::shared_ptr<const models::vocos::Vocos> vocos,
             std::shared_ptr<const models::encodec::Encodec> codec);

  /// @param codes [N, 8] int64
  /// @return float32 [samples] at 24 kHz that are ready, maybe none
  at::Tensor push(const at::Tensor& codes);
  /// The rest.
  at::Tensor finish();

 private:
  at::Tensor take(int64_t end);

  std::shared_ptr<const models::vocos::Vocos> vocos_;
  std::shared_ptr<const models::encodec::Encodec> codec_;
  int64_t margin_ = 0;            ///< frames at each side that a sample depends on
  at::Tensor codes_;              ///< [N, 8] from frame begin_ on
  int64_t begin_ = 0, done_ = 0;  ///< frames; those before done_ have left
};

}  // namespace vl::stages
