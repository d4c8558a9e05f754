#include "vl/stages/convert_voice.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/dsp/f0_decode.h"
#include "vl/dsp/f0_harvest.h"
#include "vl/dsp/f0_yin.h"
#include "vl/dsp/rmvpe_mel.h"

namespace vl::stages {

namespace {

constexpr int64_t kV1Layer = 9, kV2Layer = 12;
constexpr int64_t kFeatureHop = 320, kFeatureWindow = 400;  // of the content model, samples
constexpr double kProtectOff = 0.5;

bool is_v1(const models::rvc::RvcConfig& c) { return c.version == "v1"; }

}  // namespace

void validate(const RvcConstants& c) {
  for (const int64_t value : {c.pad, c.query, c.center, c.max})
    if (value % kRvcHop != 0 || value < kRvcHop)
      fail(Code::kBadValue, "a cutting constant of {} samples is no whole number of 10 ms frames",
           value);
  if (2 * c.query > c.center || c.center > c.max)
    fail(Code::kBadValue,
         "cutting constants do not fit: query {} (at most half the center), center {}, max {}",
         c.query, c.center, c.max);
}

ConvertVoice::ConvertVoice(RvcModels models) : models_(std::move(models)) {
  const auto& voice = models_.voice->config();
  const auto& content = models_.content->config();
  const int64_t width = is_v1(voice) ? content.proj : content.dim;
  if (width != voice.feature_dim)
    throw Error(Code::kBadWeights,
                fmt::format("content features have {} columns, the voice needs {}", width,
                            voice.feature_dim),
                {}, {"a voice works only with the content model that it was trained with"});
  if (models_.index && models_.index->config().dim != voice.feature_dim)
    throw Error(Code::kIndexMismatch,
                fmt::format("index has {} columns, model needs {}", models_.index->config().dim,
                            voice.feature_dim),
                {}, {"use the index that was made for this voice, or --index-rate 0"});
}

int64_t ConvertVoice::frames_of(int64_t samples) const {
  return samples < kFeatureWindow ? 0 : 2 * ((samples - kFeatureWindow) / kFeatureHop + 1);
}

int64_t ConvertVoice::samples_for(int64_t frames) const {
  return ((frames + 1) / 2 - 1) * kFeatureHop + kFeatureWindow;
}

at::Tensor ConvertVoice::raw_f0(const at::Tensor& wave, const RvcSettings& s) const {
  switch (s.f0_method) {
    case F0Method::kRmvpe:
      if (!models_.f0) fail(Code::kModelMissing, "model \"f0\" is missing");
      return dsp::f0_from_salience(models_.f0->salience(dsp::rmvpe_mel(wave.unsqueeze(0)))[0]);
    case F0Method::kHarvest:
      return dsp::harvest_f0(wave, s.filter_radius);
    default:
      return dsp::yin_f0(wave).to(at::kDouble);
  }
}

PitchTrack ConvertVoice::pitch_track(const at::Tensor& raw, int64_t first_frame,
                                     const RvcSettings& s) {
  at::Tensor hz = dsp::transpose_f0(raw, s.semitones);
  if (s.interpolate_f0) hz = dsp::interpolate_unvoiced(hz);
  if (!s.f0_curve.hz.empty()) dsp::replace_f0(hz, s.f0_curve, first_frame);
  return {dsp::coarse_pitch(hz), hz.to(at::kFloat), hz};
}

at::Tensor ConvertVoice::features(const at::Tensor& wave) const {
  const bool v1 = is_v1(config());
  const at::Tensor f = models_.content->features(wave.unsqueeze(0), v1 ? kV1Layer : kV2Layer);
  return (v1 ? models_.content->project(f) : f)[0];
}

at::Tensor ConvertVoice::phone(const at::Tensor& features, const at::Tensor& hz,
                               const RvcSettings& s) const {
  const bool retrieve = models_.index && s.index_rate > 0.0;
  if (!retrieve) return features.repeat_interleave(2, 0).unsqueeze(0);
  at::Tensor out = models_.index->blend(features, s.index_rate).repeat_interleave(2, 0);
  if (s.protect < kProtectOff && hz.defined()) {
    const at::Tensor share = at::where(hz.lt(1.0), s.protect, 1.0).to(at::kFloat).unsqueeze(1);
    out = out * share + features.repeat_interleave(2, 0) * (1.0 - share);
  }
  return out.unsqueeze(0);
}

at::Tensor ConvertVoice::retrieve_complete(const at::Tensor& features, double rate) const {
  if (!models_.index || rate <= 0.0) return features;
  const models::rvc::Neighbours near = models_.index->search(features);
  if (near.ids.lt(0).any().item<bool>()) return features;
  return models_.index->mean(features, near) * rate + features * (1.0 - rate);
}

at::Tensor ConvertVoice::synthesize(const RvcChunk& chunk, const at::Tensor& features,
                                    const RvcSettings& s) const {
  const int64_t frames = 2 * features.size(0);
  models::rvc::RvcInputs in;
  in.sid = s.speaker;
  in.noise_z = chunk.noise_z;
  at::Tensor hz;
  if (config().f0) {
    hz = chunk.pitch.hz.slice(0, 0, frames);
    in.pitch = chunk.pitch.bins.slice(0, 0, frames).unsqueeze(0);
    in.pitchf = hz.unsqueeze(0);
    in.noise_sine = chunk.noise_sine;
    in.start_turn = chunk.start_turn;
  }
  in.phone = phone(features, hz, s);
  in.keep_begin = chunk.keep_begin;
  in.keep_frames = chunk.keep_frames;
  return models_.voice->infer(in).reshape({-1});
}

}  // namespace vl::stages
