#include "vl/stages/wave_stream.h"

#include <ATen/ATen.h>

namespace vl::stages {

namespace {

constexpr int64_t kBandwidthId = 2;  // 6 kbps: eight books
constexpr int64_t kReach = 3;        // frames at each side of a convolution of Vocos

at::Tensor flat(const at::Tensor& wave) { return wave.reshape({-1}).contiguous(); }

}  // namespace

WaveStream::WaveStream(std::shared_ptr<const models::vocos::Vocos> vocos,
                       std::shared_ptr<const models::encodec::Encodec> codec)
    : vocos_(std::move(vocos)), codec_(std::move(codec)) {
  if (!vocos_) return;
  const models::vocos::VocosConfig& c = vocos_->config();
  margin_ = kReach * (c.layers + 1) + c.n_fft / c.hop;
}

at::Tensor WaveStream::push(const at::Tensor& codes) {
  codes_ = codes_.defined() ? at::cat({codes_, codes}) : codes;
  return vocos_ ? take(begin_ + codes_.size(0) - margin_) : at::empty({0});
}

at::Tensor WaveStream::finish() {
  if (!codes_.defined() || codes_.size(0) == 0) return at::empty({0});
  if (!vocos_) return flat(codec_->decode(codes_.t().unsqueeze(0).contiguous()));
  return take(begin_ + codes_.size(0));
}

/// The samples of the frames done_ .. end - 1; the codes that later frames see stay.
at::Tensor WaveStream::take(int64_t end) {
  if (end <= done_) return at::empty({0});
  const int64_t hop = vocos_->config().hop;
  const at::Tensor wave = flat(vocos_->decode(codes_.t().unsqueeze(0).contiguous(), kBandwidthId));
  const at::Tensor out = wave.slice(0, (done_ - begin_) * hop, (end - begin_) * hop).contiguous();
  done_ = end;
  const int64_t keep = std::max(begin_, done_ - margin_);
  codes_ = codes_.slice(0, keep - begin_).clone();
  begin_ = keep;
  return out;
}

}  // namespace vl::stages
