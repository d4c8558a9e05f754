#include "vl/stages/convert_voice.h"

#include <future>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "vl/core/error.h"
#include "vl/dsp/f0_decode.h"
#include "vl/dsp/f0_yin.h"
#include "vl/dsp/rmvpe_mel.h"
#include "vl/kernels/cpu_mode.h"

namespace vl::stages {

namespace {

constexpr int64_t kRate = 16000, kHop = 160, kPad = 16000, kMinSamples = 1600;
constexpr double kPeak = 0.95;
constexpr int64_t kV1Layer = 9, kV2Layer = 12;

/// Reflection at both ends, repeated where the signal is shorter than the padding (numpy's rule).
at::Tensor reflect_pad(const at::Tensor& x, int64_t pad) {
  const int64_t n = x.size(0), period = 2 * (n - 1);
  at::Tensor index = at::arange(-pad, n + pad, at::kLong).remainder(period);
  index = at::where(index.ge(n), period - index, index);
  return x.index_select(0, index);
}

}  // namespace

at::Tensor ConvertVoice::features(const at::Tensor& padded) const {
  const bool v1 = voice_->config().version == "v1";
  at::Tensor f = content_->features(padded.unsqueeze(0), v1 ? kV1Layer : kV2Layer);
  if (v1) f = content_->project(f);
  if (f.size(2) != voice_->config().feature_dim)
    fail(Code::kIndexMismatch, "content features have {} columns, the voice needs {}", f.size(2),
         voice_->config().feature_dim);
  return f.repeat_interleave(2, 1);
}

at::Tensor ConvertVoice::pitch(const at::Tensor& padded, double semitones) const {
  const at::Tensor raw =
      f0_ ? dsp::f0_from_salience(f0_->salience(dsp::rmvpe_mel(padded.unsqueeze(0)))[0])
          : dsp::yin_f0(padded);
  return dsp::transpose_f0(raw, semitones);
}

Speech ConvertVoice::run(const at::Tensor& wave, const ConvertOptions& options) const {
  if (wave.dim() != 1 || wave.size(0) < kMinSamples)
    fail(Code::kBadValue, "{} samples of speech are too few to convert", wave.numel());
  const double peak = wave.abs().max().item<double>() / kPeak;
  const at::Tensor x = peak > 1.0 ? wave / peak : wave;
  const at::Tensor padded = reflect_pad(x, kPad);
  const bool with_f0 = voice_->config().f0;
  // Content features and f0 do not depend on each other.
  std::future<at::Tensor> f0;
  if (with_f0)
    f0 = std::async(std::launch::async, [&] {
      c10::InferenceMode inference;
      kernels::prepare_compute_thread();
      return pitch(padded, options.semitones);
    });
  const at::Tensor phone = features(padded);
  const int64_t frames = std::min(padded.size(0) / kHop, phone.size(1));
  models::rvc::RvcInputs in{
      .phone = phone.slice(1, 0, frames), .sid = options.speaker, .seed = options.seed};
  if (with_f0) {
    const at::Tensor hz = f0.get().slice(0, 0, frames);
    in.pitch = dsp::coarse_pitch(hz).unsqueeze(0);
    in.pitchf = hz.to(at::kFloat).unsqueeze(0);
  }
  const int64_t rate = voice_->config().sample_rate, cut = rate * kPad / kRate;
  const at::Tensor out = voice_->infer(in).reshape({-1});
  const at::Tensor kept = out.slice(0, cut, std::max(cut, out.size(0) - cut)).contiguous();
  const float* data = kept.data_ptr<float>();
  return {std::vector<float>(data, data + kept.numel()), rate};
}

}  // namespace vl::stages
