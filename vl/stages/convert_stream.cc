#include "vl/stages/convert_stream.h"

#include <cmath>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/dsp/sinc_resample.h"

namespace vl::stages {

namespace {

constexpr int64_t kPitchCache = 1024, kMaxOverlap = 4, kGateFrames = 4;
constexpr int64_t kPitchMargin = 800, kRmvpeMultiple = 5120;
constexpr double kGateOff = -60.0, kGateRange = 80.0, kQuietest = 1e-5, kLeastRms = 1e-3;

/// RMS of frames of four units every unit, centred, zeros around. x [N] -> [N / unit + 1]
at::Tensor rms_curve(const at::Tensor& x, int64_t unit) {
  const at::Tensor square = at::constant_pad_nd(x, {2 * unit, 2 * unit}).square();
  return square.unfold(0, kGateFrames * unit, unit).mean(1).sqrt();
}

/// The ring moved on by `count`; its end is free for the caller to fill.
at::Tensor shifted(const at::Tensor& ring, int64_t count) {
  return at::cat({ring.slice(0, count), ring.slice(0, 0, count)});
}

int64_t frames_of(int64_t ms, const char* what, int64_t least) {
  if (ms % 10 != 0 || ms < least)
    fail(Code::kBadValue, "{} is {} ms; it takes a multiple of 10 from {} on", what, ms, least);
  return ms / 10;
}

}  // namespace

ConvertStream::ConvertStream(const ConvertVoice& voice, const RvcSettings& settings,
                             const StreamConfig& config)
    : voice_(voice),
      settings_(settings),
      config_(config),
      noise_(settings.seed, voice.config().inter, voice.config().hop(), voice.config().f0) {
  if (config.rate % 100 != 0 || config.rate < 8000 || config.rate > 192000)
    fail(Code::kBadValue,
         "the stream rate is {} Hz; it takes a multiple of 100 from 8000 to 192000", config.rate);
  unit_ = config.rate / 100;
  block_ = frames_of(config.block_ms, "the block", 20);
  crossfade_ = frames_of(config.crossfade_ms, "the cross-fade", 10);
  extra_ = frames_of(config.extra_ms, "the extra context", 10);
  overlap_ = std::min(crossfade_, kMaxOverlap);
  frames_ = extra_ + crossfade_ + kSearch + block_;
  const int64_t wanted = block_ * kRvcHop + kPitchMargin;
  pitch_samples_ = settings.f0_method == F0Method::kRmvpe
                       ? (wanted + kRmvpeMultiple - 1) / kRmvpeMultiple * kRmvpeMultiple - kRvcHop
                       : wanted;
  if (pitch_samples_ > frames_ * kRvcHop)
    fail(Code::kBadValue, "blocks of {} ms need at least {} ms of context, not {}", config.block_ms,
         pitch_samples_ / 16 - config.block_ms, config.extra_ms);
  if (frames_ > kPitchCache)
    fail(Code::kBadValue, "context and block together last {} ms; at most {} ms are kept",
         frames_ * 10, kPitchCache * 10);
  if (!(std::abs(config.formant) <= 2.0))
    fail(Code::kBadValue, "the formant shift is {}, outside -2..2 semitones", config.formant);
  if (settings.speaker < 0 || settings.speaker >= voice.config().speakers)
    fail(Code::kBadValue, "speaker {} does not exist; the voice model has 0..{}", settings.speaker,
         voice.config().speakers - 1);
}

StreamState ConvertStream::start() const {
  return {.ring = at::zeros({frames_ * unit_}),
          .ring16 = at::zeros({frames_ * kRvcHop}),
          .before = at::zeros({kGateFrames * unit_}),
          .pitch = {at::zeros({kPitchCache}, at::kLong), at::zeros({kPitchCache}), {}},
          .sola = at::zeros({overlap_ * unit_}),
          .frame = kStreamStart - frames_};
}

/// The block with its quiet places silenced, and the 20 ms before it, judged again with what came
/// after them.
at::Tensor ConvertStream::gate(StreamState& state, const at::Tensor& block) const {
  at::Tensor input = at::cat({state.before, block});
  state.before = input.slice(0, input.size(0) - kGateFrames * unit_).clone();
  const at::Tensor level =
      rms_curve(input, unit_).slice(0, 2).clamp_min(kQuietest).log10().mul(20.0);
  const double floor = level.max().item<double>() - kGateRange;
  const at::Tensor quiet = level.clamp_min(floor).lt(config_.gate_db);
  for (int64_t j = 0; j < quiet.size(0); ++j)
    if (quiet[j].item<bool>()) {
      const int64_t centre = (j + 2) * unit_;
      input.slice(0, centre - unit_ / 2, std::min(centre - unit_ / 2 + unit_, input.size(0)))
          .zero_();
    }
  return input.slice(0, 2 * unit_);
}

/// Both rings move on by a block; `input` replaces the end of the first.
void ConvertStream::push(StreamState& state, const at::Tensor& input) const {
  const int64_t size = state.ring.size(0), fresh = input.size(0);
  state.ring = shifted(state.ring, block_samples());
  state.ring.slice(0, size - fresh).copy_(input);
  const at::Tensor at16 = dsp::sinc_resample(
      state.ring.slice(0, size - fresh - 2 * unit_).contiguous(), config_.rate, kRvcRate);
  state.ring16 = shifted(state.ring16, block_ * kRvcHop);
  state.ring16.slice(0, frames_ * kRvcHop - (at16.size(0) - kRvcHop)).copy_(at16.slice(0, kRvcHop));
}

/// Content features of the ring, one every 10 ms: [1, p, D].
at::Tensor ConvertStream::features(const StreamState& state) const {
  at::Tensor f = voice_.features(state.ring16);
  f = at::cat({f, f.slice(0, f.size(0) - 1)});
  const int64_t from = extra_ / 2;
  const at::Tensor recent = f.slice(0, from);
  f = at::cat({f.slice(0, 0, from), voice_.retrieve_complete(recent, settings_.index_rate)});
  return f.repeat_interleave(2, 0).slice(0, 0, frames_).unsqueeze(0);
}

/// The pitch of the newest window replaces the end of the cache, but for its first three frames and
/// its last one, which lack context.
void ConvertStream::update_pitch(StreamState& state) const {
  const at::Tensor raw =
      voice_.raw_f0(state.ring16.slice(0, state.ring16.size(0) - pitch_samples_), settings_);
  RvcSettings transposed = settings_;
  transposed.semitones -= config_.formant;
  transposed.f0_curve = {};
  const PitchTrack fresh = ConvertVoice::pitch_track(raw, 0, transposed);
  const auto append = [&](at::Tensor& cache, const at::Tensor& values) {
    cache = shifted(cache, block_);
    const at::Tensor inner = values.slice(0, 3, values.size(0) - 1);
    cache.slice(0, kPitchCache - inner.size(0)).copy_(inner);
  };
  append(state.pitch.bins, fresh.bins);
  append(state.pitch.hz, fresh.hz);
}

/// The networks over the ring, at the stream's rate: block, overlap and search.
at::Tensor ConvertStream::infer(StreamState& state) const {
  const auto& voice = voice_.config();
  const int64_t length = block_ + overlap_ + kSearch,
                kept = frames_ - std::max<int64_t>(extra_ - 24, 0);
  const double ratio = std::exp2(config_.formant / 12.0);
  models::rvc::RvcInputs in;
  in.sid = settings_.speaker;
  in.phone = features(state);
  in.skip_head = extra_;
  in.return_length = length;
  in.return_length2 = static_cast<int64_t>(std::ceil(static_cast<double>(length) * ratio));
  const NoisePair noise = noise_.draw(state.frame + frames_ - kept, kept);
  in.noise_z = noise.z;
  if (voice.f0) {
    update_pitch(state);
    const int64_t first = extra_ - (frames_ - kept),
                  hop = voice.hop();  // of the decoder, in `noise`
    in.noise_sine = noise.sine.slice(1, first * hop, (first + length) * hop);
    in.pitch = state.pitch.bins.slice(0, kPitchCache - frames_).unsqueeze(0);
    const double stretch = static_cast<double>(*in.return_length2) / static_cast<double>(length);
    in.pitchf = (state.pitch.hz.slice(0, kPitchCache - frames_) * stretch).unsqueeze(0);
    in.start_turn = state.turn;
    state.turn = models::rvc::end_turn(in.pitchf.slice(1, extra_, extra_ + block_), hop,
                                       voice.sample_rate, state.turn);
  }
  at::Tensor out = voice_.infer(in).reshape({-1});
  const int64_t frame = voice.sample_rate / 100,
                stretched = static_cast<int64_t>(std::floor(ratio * static_cast<double>(frame)));
  if (stretched != frame)
    out = dsp::sinc_resample(out.slice(0, 0, length * stretched), stretched, frame);
  return dsp::sinc_resample(out, voice.sample_rate, config_.rate);
}

at::Tensor ConvertStream::mix_rms(const StreamState& state, const at::Tensor& out) const {
  if (config_.rms_mix_rate >= 1.0) return out;
  const int64_t count = out.size(0), from = extra_ * unit_;
  const auto curve = [&](const at::Tensor& x) {
    return at::upsample_linear1d(rms_curve(x, unit_).reshape({1, 1, -1}), {count + 1},
                                 /*align_corners=*/true)
        .reshape({-1})
        .slice(0, 0, count);
  };
  const at::Tensor in = curve(state.ring.slice(0, from, from + count)),
                   own = curve(out).clamp_min(kLeastRms);
  return out * at::pow(in / own, 1.0 - config_.rms_mix_rate);
}

/// Starts the block where it continues the last one best, and fades from one into the other.
at::Tensor ConvertStream::sola(StreamState& state, const at::Tensor& out) const {
  const int64_t overlap = overlap_ * unit_, search = kSearch * unit_, block = block_samples();
  const at::Tensor head = out.slice(0, 0, overlap + search).reshape({1, 1, -1});
  const at::Tensor match = at::conv1d(head, state.sola.reshape({1, 1, -1})),
                   energy = at::conv1d(head.square(), at::ones({1, 1, overlap}));
  const int64_t shift = (match / (energy + 1e-8).sqrt()).reshape({-1}).argmax().item<int64_t>();
  at::Tensor y = out.slice(0, shift, shift + block + overlap).clone();
  const at::Tensor rise =
      at::sin(at::linspace(0.0, 1.0, overlap, at::kFloat) * (M_PI / 2)).square();
  at::Tensor begin = y.slice(0, 0, overlap);
  begin.copy_(begin * rise + state.sola * (1.0 - rise));
  state.sola = y.slice(0, block).clone();
  return y.slice(0, 0, block).clone();
}

at::Tensor ConvertStream::process(StreamState& state, const at::Tensor& block) const {
  if (block.dim() != 1 || block.size(0) != block_samples())
    fail(Code::kBadValue, "a block is [{}], wanted [{}]", fmt::join(block.sizes(), ","),
         block_samples());
  push(state, config_.gate_db > kGateOff ? gate(state, block) : block);
  state.frame += block_;
  return sola(state, mix_rms(state, infer(state)));
}

}  // namespace vl::stages
