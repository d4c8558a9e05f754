#include "vl/stages/convert_stream.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/rvc_voices.h"
#include "vl/core/error.h"
#include "vl/dsp/sinc_resample.h"
#include "vl/stages/convert_track.h"
#include "vl/stages/track_noise.h"

namespace vl::stages {
namespace {

RvcSettings settings() {
  RvcSettings s = test::rvc_golden_settings();
  s.index_rate = 0.0;
  return s;
}

at::Tensor speech(int64_t begin, int64_t end) { return test::parity_speech(begin, end)[0].clone(); }

/// All blocks of a wave, one after the other.
at::Tensor run(const ConvertStream& stream, const at::Tensor& wave) {
  StreamState state = stream.start();
  std::vector<at::Tensor> out;
  for (int64_t at = 0; at + stream.block_samples() <= wave.numel(); at += stream.block_samples())
    out.push_back(stream.process(state, wave.slice(0, at, at + stream.block_samples())));
  return at::cat(out);
}

/// The decoder core, fed with blocks of 160 ms of features and 24 frames of left context, gives the
/// samples of the offline call: with the context on the right that the decoder needs, exactly; with
/// the one frame that a block has there, up to its last frames.
TEST(ConvertStream, BlocksOfFeaturesEqualTheOfflineCall) {
  const ConvertVoice voice = test::rvc_voice("v2_40k_f0");
  const RvcSettings s = settings();
  const at::Tensor wave = speech(48000, 48000 + 16000);
  const at::Tensor features = voice.features(wave).repeat_interleave(2, 0).unsqueeze(0);
  const int64_t frames = features.size(1), hop = voice.config().hop(), block = 16, right = 12;
  const PitchTrack pitch = ConvertVoice::pitch_track(voice.raw_f0(wave, s), 0, s);
  const NoisePair noise = TrackNoise(5, voice.config().inter, hop, true).draw(0, frames);
  models::rvc::RvcInputs in{.phone = features,
                            .pitch = pitch.bins.slice(0, 0, frames).unsqueeze(0),
                            .pitchf = pitch.hz.slice(0, 0, frames).unsqueeze(0),
                            .sid = 1,
                            .noise_z = noise.z,
                            .noise_sine = noise.sine};
  const at::Tensor whole = voice.infer(in).reshape({-1});
  double worst = 0;
  for (int64_t at = 0; at + block <= frames; at += block) {
    models::rvc::RvcInputs part = in;
    part.skip_head = at;
    // Twelve frames to each side of the block are decoded with it and thrown away.
    const int64_t first = std::max<int64_t>(at - right, 0),
                  last = std::min(at + block + right, frames);
    part.skip_head = first;
    part.return_length = last - first;
    part.noise_z = noise.z.slice(2, std::max<int64_t>(first - 24, 0));
    part.noise_sine = noise.sine.slice(1, first * hop, last * hop);
    part.start_turn =
        models::rvc::end_turn(in.pitchf.slice(1, 0, first), hop, voice.config().sample_rate);
    const at::Tensor got = voice.infer(part).reshape({-1});
    const at::Tensor want = whole.slice(0, at * hop, (at + block) * hop);
    worst = std::max(worst, (got.slice(0, (at - first) * hop, (at - first + block) * hop) - want)
                                .abs()
                                .max()
                                .item<double>());
  }
  EXPECT_LT(worst, 1e-4 * whole.abs().max().item<double>());
}

/// The offline conversion of a 16 kHz wave whose first frame has the noise of `frame`, at 16 kHz.
at::Tensor offline(const ConvertVoice& voice, const at::Tensor& wave, const RvcSettings& settings,
                   int64_t frame) {
  const auto& c = voice.config();
  const TrackCalls calls{.noise = [&](int64_t, int64_t frames) {
    return TrackNoise(settings.seed, c.inter, c.hop(), c.f0)
        .draw(frame - settings.constants.pad / kRvcHop, frames);
  }};
  const TrackSource source{wave.numel(), [&](int64_t begin, int64_t n) {
                             return wave.slice(0, begin, begin + n).to(at::kDouble);
                           }};
  std::vector<at::Tensor> pieces;
  convert_track(voice, source, settings, calls,
                [&](const at::Tensor& p) { pieces.push_back(p.clone()); });
  return dsp::sinc_resample(at::cat(pieces), c.sample_rate, 16000);
}

/// Relative RMS of the difference, at the best of the shifts that SOLA may choose.
double error_at_best_shift(const at::Tensor& got, const at::Tensor& want) {
  double best = 1e9;
  for (int64_t shift = 0; shift <= 160; ++shift) {
    const at::Tensor w = want.slice(0, shift, shift + got.numel());
    best = std::min(best, ((got - w).norm() / w.norm()).item<double>());
  }
  return best;
}

/// Blocks of 160 ms against offline conversions with the same noise, by a voice without pitch,
/// whose samples can be compared: of the 2.7 s that the block saw, and of the whole 5 s of speech.
/// In between lies what content features and encoder make of the rest of the speech.
TEST(ConvertStream, BlocksOf160MsGiveTheOfflineResult) {
  const ConvertVoice voice = test::rvc_voice("v2_32k_nono");
  RvcSettings s = settings();
  s.exact_length = true;
  const at::Tensor wave = speech(48000, 48000 + 5 * 16000);
  const ConvertStream stream(voice, s, {.rate = 16000, .block_ms = 160, .rms_mix_rate = 1.0});
  const at::Tensor whole = offline(voice, wave, s, kStreamStart);
  s.constants.pad = 320;
  StreamState state = stream.start();
  const int64_t block = stream.block_samples(), delay = stream.latency_samples() - block;
  double of_window = 0, of_whole = 0;
  int64_t count = 0;
  for (int64_t at = 0; at + block <= wave.numel(); at += block) {
    const at::Tensor got = stream.process(state, wave.slice(0, at, at + block));
    if (at < 3 * 16000) continue;  // until the ring is full of speech
    // The first 40 ms fade from the block before.
    const at::Tensor own = got.slice(0, 640);
    const at::Tensor window = offline(voice, state.ring16, s, state.frame);
    of_window += error_at_best_shift(own, window.slice(0, 40000 + 640));
    of_whole += error_at_best_shift(own, whole.slice(0, at - delay + 640));
    ++count;
  }
  of_window /= static_cast<double>(count), of_whole /= static_cast<double>(count);
  std::printf("relative RMS against the same window %.4f, against the whole %.4f\n", of_window,
              of_whole);
  EXPECT_LT(of_window, 0.3);
  EXPECT_LT(of_whole, 0.4);
}

TEST(ConvertStream, RatesFormantsAndVoicesWithoutPitch) {
  const at::Tensor second = speech(48000, 64000);
  for (const char* part : {"v2_40k_f0", "v2_32k_nono"}) {
    const ConvertVoice voice = test::rvc_voice(part);
    for (const int64_t rate : {16000, 44100, 48000})
      for (const double formant : {0.0, 1.5}) {
        const ConvertStream stream(voice, settings(),
                                   {.rate = rate, .block_ms = 250, .formant = formant});
        EXPECT_EQ(stream.block_samples(), rate / 4);
        EXPECT_EQ(stream.latency_samples(), rate * 310 / 1000);
        const at::Tensor y = run(stream, dsp::sinc_resample(second, 16000, rate));
        EXPECT_EQ(y.numel(), rate) << part << " " << rate << " " << formant;
        EXPECT_TRUE(y.isfinite().all().item<bool>());
        EXPECT_GT(y.abs().max().item<double>(), 0.0);
      }
  }
}

TEST(ConvertStream, StatesAreIndependentAndRepeatable) {
  const ConvertVoice voice = test::rvc_voice("v2_40k_f0");
  const ConvertStream stream(voice, settings(), {});
  const at::Tensor x = speech(48000, 64000), n = speech(160000, 176000);
  StreamState one = stream.start(), two = stream.start();
  std::vector<at::Tensor> a;
  for (int64_t at = 0; at + stream.block_samples() <= x.numel(); at += stream.block_samples()) {
    a.push_back(stream.process(one, x.slice(0, at, at + stream.block_samples())));
    stream.process(two, n.slice(0, at, at + stream.block_samples()));
  }
  test::expect_equal("again", run(stream, x), at::cat(a));
}

/// The gate silences what is quiet: a hum of -70 dBFS below speech.
TEST(ConvertStream, TheGateSilencesQuietInput) {
  const ConvertVoice voice = test::rvc_voice("v2_40k_f0");
  const at::Tensor hum = at::sin(at::arange(16000) * 0.05) * 3e-4;
  const auto loud = [&](double gate) {
    const ConvertStream stream(voice, settings(), {.gate_db = gate});
    StreamState state = stream.start();
    for (int64_t at = 0; at + stream.block_samples() <= hum.numel(); at += stream.block_samples())
      stream.process(state, hum.slice(0, at, at + stream.block_samples()));
    return state.ring.abs().max().item<double>();
  };
  EXPECT_GT(loud(-60.0), 1e-4);  // off
  EXPECT_EQ(loud(-50.0), 0.0);
}

/// The input's loudness is imposed at rate 0.
TEST(ConvertStream, RmsMixFollowsTheInput) {
  const ConvertVoice voice = test::rvc_voice("v2_40k_f0");
  const ConvertStream stream(voice, settings(), {.rms_mix_rate = 0.0});
  const at::Tensor x = speech(48000, 48000 + 4 * 16000);
  const auto level = [](const at::Tensor& t) { return t.square().mean().sqrt().item<double>(); };
  const double loud = level(run(stream, x).slice(0, 32000)),
               soft = level(run(stream, x * 0.1).slice(0, 32000));
  EXPECT_NEAR(loud / soft, 10.0, 2.0);
}

TEST(ConvertStream, BadSetUpsAreErrors) {
  const ConvertVoice voice = test::rvc_voice("v2_40k_f0");
  const StreamConfig table[] = {
      {.rate = 16050},     {.rate = 4000},   {.block_ms = 155},
      {.block_ms = 10},    {.extra_ms = 0},  {.crossfade_ms = 5},
      {.extra_ms = 12000}, {.formant = 3.0}, {.block_ms = 1500, .extra_ms = 10},
  };
  for (const StreamConfig& c : table)
    EXPECT_THROW(ConvertStream(voice, settings(), c), Error) << &c - table;
  const ConvertStream good(voice, settings(), {});
  StreamState state = good.start();
  EXPECT_THROW(good.process(state, at::zeros({good.block_samples() + 1})), Error);
}

}  // namespace
}  // namespace vl::stages
