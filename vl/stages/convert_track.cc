#include "vl/stages/convert_track.h"

#include <cmath>

#include <ATen/ATen.h>

#include "vl/core/allocator.h"
#include "vl/core/clock.h"
#include "vl/core/error.h"
#include "vl/dsp/cut_points.h"
#include "vl/dsp/highpass.h"
#include "vl/dsp/reflect_pad.h"
#include "vl/dsp/rms_mix.h"

namespace vl::stages {

namespace {

// Pitch windows, frames: multiples of 32, so that the poolings of RMVPE keep their grid.
constexpr int64_t kPitchWindow = 6144, kPitchContext = 1024;
constexpr int64_t kLengthGrid = 200;  // frames
constexpr int64_t kSpare = 8;         // frames of padding more than a chunk can need
constexpr double kInputPeak = 0.95;

/// The track with endless reflections at both ends (numpy's "reflect").
class ReflectedTrack {
 public:
  explicit ReflectedTrack(const TrackSource& source) : source_(source) {}

  /// float64 [count] from `begin`, which may lie outside of the track.
  at::Tensor read(int64_t begin, int64_t count) const {
    const int64_t n = source_.samples, end = begin + count, left = std::max<int64_t>(-begin, 0),
                  right = std::max<int64_t>(end - n, 0);
    if (std::max(left, right) >= n)  // reflected more than once: a short track
      return dsp::reflect_pad(source_.read(0, n), left, right)
          .slice(0, begin + left, begin + left + count);
    std::vector<at::Tensor> parts;
    if (left > 0)
      parts.push_back(source_.read(std::max<int64_t>(1 - end, 1), std::min(left, count)).flip(0));
    const int64_t from = std::max<int64_t>(begin, 0), to = std::min(end, n);
    if (to > from) parts.push_back(source_.read(from, to - from));
    if (right > 0) {
      const int64_t skip = std::max<int64_t>(begin - n, 0);
      parts.push_back(source_.read(n - 1 - right, right - skip).flip(0));
    }
    return parts.size() == 1 ? parts[0] : at::cat(parts);
  }

 private:
  const TrackSource& source_;
};

/// One chunk: the samples of the padded track it reads and the frames of it that are kept.
struct ChunkPlan {
  int64_t begin = 0, samples = 0;  ///< of the padded track
  int64_t keep_begin = 0, keep_frames = 0;
  bool overlaps_next = false;  ///< the last kept frame is cross-faded with the next chunk's first
};

struct TrackPlan {
  int64_t padded = 0;  ///< samples of the padded track
  std::vector<ChunkPlan> chunks;
};

/// The public program's chunks: every inner one reads 160 samples more than its padding and loses
/// up to one frame, the last one loses one or two.
TrackPlan public_plan(const ConvertVoice& voice, int64_t n, const std::vector<int64_t>& cuts,
                      const RvcConstants& c) {
  TrackPlan plan{.padded = n + 2 * c.pad};
  const auto add = [&](int64_t begin, int64_t end) {
    ChunkPlan p{.begin = begin, .samples = std::min(end, plan.padded) - begin};
    p.keep_begin = c.pad / kRvcHop;
    p.keep_frames = std::max<int64_t>(voice.frames_of(p.samples) - 2 * p.keep_begin, 0);
    plan.chunks.push_back(p);
  };
  int64_t begin = 0;
  for (const int64_t cut : cuts) {
    const int64_t t = cut / kRvcHop * kRvcHop;
    add(begin, t + 2 * c.pad + kRvcHop);
    begin = t;
  }
  add(begin, plan.padded);
  return plan;
}

/// Samples of the padded track whose pitch is found: no chunk reads beyond it.
int64_t exact_padded(int64_t n, const RvcConstants& c) {
  const bool cut = n + kRvcHop > c.max;
  return n + 2 * c.pad + (kSpare + (cut ? kLengthGrid : 0)) * kRvcHop;
}

/// Chunks that give one frame for every frame of the track, and one more to fade into the next.
TrackPlan exact_plan(const ConvertVoice& voice, int64_t n, const std::vector<int64_t>& cuts,
                     const RvcConstants& c) {
  TrackPlan plan{.padded = exact_padded(n, c)};
  const int64_t pad = c.pad / kRvcHop, frames = n / kRvcHop + 1;
  std::vector<int64_t> borders;
  borders.reserve(cuts.size() + 1);
  for (const int64_t cut : cuts) borders.push_back(cut / kRvcHop);
  borders.push_back(frames);
  int64_t begin = 0;
  for (const int64_t border : borders) {
    const bool last = border == frames;
    ChunkPlan p{.begin = begin * kRvcHop, .keep_begin = pad, .overlaps_next = !last};
    p.keep_frames = border - begin + (last ? 0 : 1);
    // Libraries keep prepared operators for every length they met: inner chunks share a few.
    const int64_t wanted = p.keep_frames + 2 * pad, grid = last ? 1 : kLengthGrid;
    p.samples = voice.samples_for((wanted + grid - 1) / grid * grid);
    plan.chunks.push_back(p);
    begin = border;
  }
  return plan;
}

/// Pitch over the padded track, in one piece or in windows of one size with context.
at::Tensor find_pitch(const ConvertVoice& voice, const ReflectedTrack& track, int64_t padded,
                      const RvcSettings& settings, const TrackCalls& calls) {
  const auto window = [&](int64_t from, int64_t to) {  // frames
    const int64_t begin = from * kRvcHop, samples = std::min(to * kRvcHop, padded) - begin;
    return voice.raw_f0(track.read(begin - settings.constants.pad, samples).to(at::kFloat),
                        settings);
  };
  const int64_t frames = padded / kRvcHop + 1;
  if (frames <= kPitchWindow) return window(0, frames);
  std::vector<at::Tensor> parts;
  int64_t end = 0;
  for (int64_t begin = 0; begin < frames; begin = end) {
    if (calls.check) calls.check();
    release_freed_memory();
    const int64_t from = std::max<int64_t>(begin - kPitchContext, 0),
                  to = std::min(from + kPitchWindow, frames);
    end = to == frames ? frames : to - kPitchContext;
    parts.push_back(window(from, to).slice(0, begin - from, end - from));
  }
  return at::cat(parts);
}

double median(std::vector<double> v) {
  if (v.empty()) return 0.0;
  const auto middle = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
  std::nth_element(v.begin(), middle, v.end());
  return *middle;
}

/// The conversion of one track; members live as long as the call.
class Conversion {
 public:
  Conversion(const ConvertVoice& voice, const TrackSource& source, const RvcSettings& settings,
             const TrackCalls& calls)
      : voice_(voice),
        track_(source),
        settings_(settings),
        calls_(calls),
        samples_(source.samples),
        constants_(settings.constants),
        noise_(settings.seed, voice.config().inter, voice.config().hop(), voice.config().f0),
        sequence_(settings.seed, voice.config().inter, voice.config().hop(), voice.config().f0) {
    const std::vector<int64_t> cuts = dsp::cut_points(
        samples_, source.read, {constants_.query, constants_.center, constants_.max});
    plan_ = settings.exact_length ? exact_plan(voice, samples_, cuts, constants_)
                                  : public_plan(voice, samples_, cuts, constants_);
  }

  TrackReport run(const std::function<void(const at::Tensor&)>& sink, double pitch_target) {
    // One after the other: both fill all cores, and side by side they would need room at once.
    if (voice_.config().f0) set_pitch(raw_pitch(), pitch_target);
    for (size_t k = 0; k < plan_.chunks.size(); ++k) {
      join(convert(k), plan_.chunks[k], sink);
      if (calls_.progress)
        calls_.progress(
            std::min(plan_.chunks[k].begin + plan_.chunks[k].samples - 2 * constants_.pad,
                     samples_),
            samples_);
    }
    return std::move(report_);
  }

 private:
  void check() const {
    if (calls_.check) calls_.check();
  }
  at::Tensor features_of(const ChunkPlan& p) {
    const Stopwatch watch;
    at::Tensor out =
        voice_.features(track_.read(p.begin - constants_.pad, p.samples).to(at::kFloat));
    report_.features_ms += watch.ms();
    release_freed_memory();
    return out;
  }

  at::Tensor raw_pitch() {
    const Stopwatch watch;
    at::Tensor out = find_pitch(voice_, track_, plan_.padded, settings_, calls_);
    report_.f0_ms = watch.ms();
    release_freed_memory();  // networks and pieces differ in size: what they leave would add up
    return out;
  }

  void set_pitch(const at::Tensor& raw, double target) {
    const int64_t pad = constants_.pad / kRvcHop;
    const auto voiced = [&](const at::Tensor& f0) {
      const double* hz = f0.const_data_ptr<double>();
      std::vector<double> out;
      for (int64_t i = pad; i < std::min(pad + samples_ / kRvcHop + 1, f0.numel()); ++i)
        if (hz[i] > 0) out.push_back(hz[i]);
      return out;
    };
    const std::vector<double> in = voiced(raw.contiguous());
    report_.median_hz_in = median(in);
    const int64_t frames = samples_ / kRvcHop + 1;
    report_.voiced_ratio = static_cast<double>(in.size()) / static_cast<double>(frames);
    if (target > 0 && report_.median_hz_in > 0)
      settings_.semitones = 12.0 * std::log2(target / report_.median_hz_in);
    pitch_ = ConvertVoice::pitch_track(raw, pad, settings_);
    report_.f0 = pitch_.hz_double;
    report_.coarse = pitch_.bins;
    report_.median_hz_out = median(voiced(pitch_.hz_double));
  }

  NoisePair noise(size_t k, int64_t first_frame, int64_t frames) {
    if (calls_.noise) return calls_.noise(static_cast<int64_t>(k), frames);
    return settings_.exact_length ? noise_.draw(first_frame, frames) : sequence_.draw(frames);
  }

  at::Tensor convert(size_t k) {
    check();
    const ChunkPlan& p = plan_.chunks[k];
    const at::Tensor features = features_of(p);
    check();
    const Stopwatch watch;
    const int64_t first = p.begin / kRvcHop, frames = 2 * features.size(0),
                  hop = voice_.config().hop();
    report_.chunk_in.push_back(p.samples);
    report_.chunk_out.push_back(frames * hop);
    if (p.keep_frames == 0) return at::empty({0});
    const NoisePair noise = this->noise(k, first, frames);
    RvcChunk chunk{.keep_begin = p.keep_begin,
                   .keep_frames = p.keep_frames,
                   .noise_z = noise.z,
                   .noise_sine = noise.sine};
    if (voice_.config().f0) {
      chunk.pitch = {pitch_.bins.slice(0, first, first + frames),
                     pitch_.hz.slice(0, first, first + frames)};
      if (settings_.exact_length) chunk.start_turn = turn_at(first);
    }
    at::Tensor out = voice_.synthesize(chunk, features, settings_);
    report_.synth_ms += watch.ms();
    release_freed_memory();
    return out;
  }

  /// Phase of the excitation at a frame, as if one sine ran through the whole track.
  double turn_at(int64_t frame) {
    const at::Tensor hz = pitch_.hz.slice(0, turn_frame_, frame).unsqueeze(0);
    if (frame > turn_frame_)
      turn_ = models::rvc::end_turn(hz, voice_.config().hop(), voice_.config().sample_rate, turn_);
    turn_frame_ = frame;
    return turn_;
  }

  /// Hands out a chunk, its first frame mixed with the frame that the one before left.
  void join(const at::Tensor& out, const ChunkPlan& p,
            const std::function<void(const at::Tensor&)>& sink) {
    const int64_t hop = voice_.config().hop();
    at::Tensor ready = out;
    if (tail_.defined() && tail_.numel() > 0) {
      const at::Tensor ramp = (at::arange(hop, at::kFloat) + 0.5) / static_cast<double>(hop);
      const at::Tensor rise = at::sin(ramp * (M_PI / 2)).square();
      ready = at::cat({tail_ * (1.0 - rise) + out.slice(0, 0, hop) * rise, out.slice(0, hop)});
    }
    tail_ = p.overlaps_next ? ready.slice(0, ready.size(0) - hop).clone() : at::Tensor();
    if (p.overlaps_next) ready = ready.slice(0, 0, ready.size(0) - hop);
    sink(ready.contiguous());
  }

  const ConvertVoice& voice_;
  ReflectedTrack track_;
  RvcSettings settings_;
  const TrackCalls& calls_;
  int64_t samples_;
  RvcConstants constants_;
  TrackNoise noise_;
  SequentialNoise sequence_;
  TrackPlan plan_;
  PitchTrack pitch_;
  TrackReport report_;
  at::Tensor tail_;
  double turn_ = 0.0;
  int64_t turn_frame_ = 0;
};

}  // namespace

int64_t exact_samples(int64_t samples, int64_t rate) {
  return std::llround(static_cast<double>(samples) * static_cast<double>(rate) / kRvcRate);
}

TrackReport convert_track(const ConvertVoice& voice, const TrackSource& source,
                          const RvcSettings& settings, const TrackCalls& calls,
                          const std::function<void(const at::Tensor&)>& sink, double pitch_target) {
  validate(settings.constants);
  check(source.samples > 0, Code::kBadValue, "the track has no samples");
  if (settings.speaker < 0 || settings.speaker >= voice.config().speakers)
    fail(Code::kBadValue, "speaker {} does not exist; the voice model has 0..{}", settings.speaker,
         voice.config().speakers - 1);
  return Conversion(voice, source, settings, calls).run(sink, pitch_target);
}

at::Tensor track_f0(const ConvertVoice& voice, const TrackSource& source,
                    const RvcSettings& settings, const TrackCalls& calls) {
  validate(settings.constants);
  const RvcConstants& c = settings.constants;
  const int64_t padded =
      settings.exact_length ? exact_padded(source.samples, c) : source.samples + 2 * c.pad;
  return find_pitch(voice, ReflectedTrack(source), padded, settings, calls);
}

at::Tensor limit_peak(const at::Tensor& wave) {
  const double peak = wave.abs().max().item<double>() / kInputPeak;
  return peak > 1.0 ? wave / peak : wave;
}

namespace {

/// Gives the speech the loudness of its input, as far as the rate says.
void mix_loudness(const at::Tensor& input, double rate, Speech& speech) {
  const auto total = static_cast<int64_t>(speech.samples.size());
  dsp::RmsCurve before(kRvcRate), after(speech.rate);
  before.push(input.to(at::kDouble).contiguous().const_data_ptr<double>(), input.numel());
  after.push(speech.samples.data(), total);
  const at::Tensor gain = dsp::rms_gain(
      {.input = before.finish(), .output = after.finish(), .rate = rate}, 0, total, total);
  at::from_blob(speech.samples.data(), {total}, at::kFloat).mul_(gain);
}

}  // namespace

Speech convert_speech(const ConvertVoice& voice, const at::Tensor& wave,
                      const RvcSettings& settings, double pitch_target, double rms_mix_rate) {
  const at::Tensor filtered = dsp::highpass(limit_peak(wave));
  const TrackSource source{filtered.numel(), [&](int64_t begin, int64_t n) {
                             return filtered.slice(0, begin, begin + n);
                           }};
  Speech out{{}, voice.config().sample_rate};
  const auto keep = [&](const at::Tensor& piece) {
    const float* p = piece.const_data_ptr<float>();
    out.samples.insert(out.samples.end(), p, p + piece.numel());
  };
  convert_track(voice, source, settings, {}, keep, pitch_target);
  if (settings.exact_length)
    out.samples.resize(static_cast<size_t>(exact_samples(filtered.numel(), out.rate)), 0.0F);
  if (rms_mix_rate < 1.0) mix_loudness(filtered, rms_mix_rate, out);
  return out;
}

}  // namespace vl::stages
