#include "vl/stages/convert_track.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/rvc_voices.h"
#include "vl/core/error.h"
#include "vl/dsp/f0_decode.h"
#include "vl/dsp/highpass.h"

namespace vl::stages {
namespace {

struct Converted {
  at::Tensor wave;
  TrackReport report;
};

/// @param filtered float64 [T]
Converted convert(const ConvertVoice& voice, const at::Tensor& filtered,
                  const RvcSettings& settings, const TrackCalls& calls = {}) {
  const TrackSource source{filtered.numel(), [&](int64_t begin, int64_t n) {
                             EXPECT_TRUE(begin >= 0 && begin + n <= filtered.numel());
                             return filtered.slice(0, begin, begin + n);
                           }};
  std::vector<at::Tensor> pieces;
  Converted out;
  out.report = convert_track(voice, source, settings, calls,
                             [&](const at::Tensor& piece) { pieces.push_back(piece.clone()); });
  out.wave = at::cat(pieces);
  return out;
}

at::Tensor speech(int64_t begin, int64_t end) {
  return dsp::highpass(test::parity_speech(begin, end)[0]);
}

/// Relative RMS of the difference.
double rms_error(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

struct Row {
  const char *part, *index;
  int64_t begin, end;
  RvcConstants constants;
  double semitones, rate, protect;
  double f0_bar, float_bar;  // relative to the largest value
};

// The parity README's bars: f0 3e-6; float by the reference's own error, times three.
const Row kRows[] = {
    {"v2_40k_f0",
     "index_v2.index",
     48000,
     128000,
     {16000, 16000, 32000, 48000},
     3,
     0.75,
     0.33,
     3e-6,
     2e-3},
    {"v1_48k_f0", "index_v1.index", 160000, 192000, {}, 0, 0.5, 0.5, 3e-6, 5e-4},
    {"v2_32k_nono", "", 160000, 192000, {}, 0, 0, 0.5, 0, 2.5e-5},
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.part; }

class Golden : public testing::TestWithParam<Row> {};

TEST_P(Golden, EndToEnd) {
  const Row& row = GetParam();
  const std::string part = row.part;
  RvcSettings s = test::rvc_golden_settings();
  s.constants = row.constants;
  s.semitones = row.semitones, s.index_rate = row.rate, s.protect = row.protect;
  const ConvertVoice voice = test::rvc_voice(part, row.index);
  const bool f0 = voice.config().f0;
  const TrackCalls calls{.noise = [&](int64_t c, int64_t) {
    const std::string tag = fmt::format("e2e.{}.{}", part, c);
    return NoisePair{test::rvc_input("noise_z." + tag),
                     f0 ? test::rvc_input("noise_sine." + tag) : at::Tensor()};
  }};
  const Converted got = convert(voice, speech(row.begin, row.end), s, calls);
  const auto& g = test::golden("parity/rvc/golden.safetensors");
  const std::string name = "e2e." + part;
  test::expect_equal("chunk_in", at::tensor(got.report.chunk_in, at::kLong),
                     g.at("out:" + name + ".chunk_in"));
  test::expect_equal("chunk_out", at::tensor(got.report.chunk_out, at::kLong),
                     g.at("out:" + name + ".chunk_out"));
  test::expect_rvc(name + ".float", got.wave, row.float_bar);
  if (!f0) return;
  test::expect_equal("coarse", got.report.coarse, g.at("out:" + name + ".coarse"));
  test::expect_rvc(name + ".f0", got.report.f0, row.f0_bar);
  test::expect_rvc(name + ".f0_interp_2026", dsp::interpolate_unvoiced(got.report.f0), row.f0_bar);
}

INSTANTIATE_TEST_SUITE_P(ConvertTrack, Golden, testing::ValuesIn(kRows));

RvcSettings exact_settings() {
  RvcSettings s = test::rvc_golden_settings();
  s.exact_length = true;
  return s;
}

/// Every length keeps its samples, down to one; frames of 10 ms are never lost.
TEST(ConvertTrack, ExactLength) {
  const ConvertVoice voice = test::rvc_voice("v2_40k_f0");
  const at::Tensor all = speech(48000, 64000);
  for (const int64_t n : {1, 2, 79, 160, 320, 481, 5000, 15999, 16000}) {
    const Converted got = convert(voice, all.slice(0, 0, n), exact_settings());
    EXPECT_EQ(got.wave.numel(), (n / 160 + 1) * 400) << n;
    EXPECT_GE(got.wave.numel(), exact_samples(n, 40000)) << n;
    EXPECT_TRUE(got.wave.isfinite().all().item<bool>()) << n;
  }
}

/// The samples that both ways of joining give agree where nothing is cut: only the end of the
/// padded track differs.
TEST(ConvertTrack, ExactLengthOnlyAddsTheEnd) {
  const ConvertVoice voice = test::rvc_voice("v2_40k_f0");
  RvcSettings s = exact_settings();
  const at::Tensor x = speech(48000, 80000);
  const TrackCalls calls{.noise = [&](int64_t, int64_t frames) {
    return NoisePair{at::zeros({1, 32, frames}), at::zeros({1, frames * 400, 1})};
  }};
  const at::Tensor exact = convert(voice, x, s, calls).wave;
  s.exact_length = false;
  const at::Tensor joined = convert(voice, x, s, calls).wave;
  EXPECT_EQ(joined.numel(), 198 * 400);
  // 80 ms more of padding at the end move the pitch by fractions of a Hz, and with it the phase.
  EXPECT_LT(rms_error(exact.slice(0, 0, 190 * 400), joined.slice(0, 0, 190 * 400)), 0.2);
}

TEST(ConvertTrack, SameSeedSameBytes) {
  const ConvertVoice voice = test::rvc_voice("v2_40k_f0");
  const at::Tensor x = speech(48000, 64000);
  for (const bool exact : {true, false}) {
    RvcSettings s = exact_settings();
    s.exact_length = exact;
    const at::Tensor a = convert(voice, x, s).wave, b = convert(voice, x, s).wave;
    EXPECT_TRUE(at::equal(a, b)) << exact;
    s.seed = 1;
    EXPECT_FALSE(at::equal(a, convert(voice, x, s).wave)) << exact;
  }
}

/// What cutting costs: 10 s converted in five chunks against the whole. Noise and phase go on over
/// the cuts, so what is left is what content features and encoder see of the rest of the track.
TEST(ConvertTrack, SeamsAgainstTheWholeTrack) {
  const ConvertVoice voice = test::rvc_voice("v2_40k_f0", "index_v2.index");
  const at::Tensor x = speech(48000, 208000);
  RvcSettings s = exact_settings();
  const Converted whole = convert(voice, x, s);
  s.constants = {16000, 8000, 32000, 48000};
  const Converted cut = convert(voice, x, s);
  ASSERT_EQ(whole.report.chunk_in.size(), 1U);
  ASSERT_EQ(cut.report.chunk_in.size(), 5U);
  ASSERT_EQ(cut.wave.numel(), whole.wave.numel());
  const double all = rms_error(cut.wave, whole.wave);
  std::printf("relative RMS of five chunks against the whole track: %.3f\n", all);
  EXPECT_LT(all, 0.35);
  // No click: around the cuts samples do not jump more than they do in the whole track.
  const auto largest_step = [](const at::Tensor& w) { return w.diff().abs().max().item<double>(); };
  EXPECT_LE(largest_step(cut.wave), 1.1 * largest_step(whole.wave));
}

/// Tracks above a minute get their pitch in windows with context.
TEST(ConvertTrack, PitchOfLongTracksEqualsTheWhole) {
  const ConvertVoice voice = test::rvc_voice("v2_40k_f0");
  const at::Tensor minute = speech(0, 960000);
  const at::Tensor x = at::cat({minute, minute.slice(0, 0, 320000)});
  RvcSettings s = exact_settings();
  for (const F0Method method : {F0Method::kRmvpe, F0Method::kYin}) {
    s.f0_method = method;
    const at::Tensor padded = at::cat(
        {x.slice(0, 1, 16001).flip(0), x, x.slice(0, x.numel() - 49281, x.numel() - 1).flip(0)});
    const at::Tensor want = voice.raw_f0(padded.to(at::kFloat), s);
    const at::Tensor got =
        track_f0(voice, {x.numel(), [&](int64_t b, int64_t n) { return x.slice(0, b, b + n); }}, s);
    ASSERT_EQ(got.numel(), want.numel());
    const at::Tensor voiced = want.gt(0).logical_and(got.gt(0));
    const double same = want.gt(0).eq(got.gt(0)).to(at::kDouble).mean().item<double>();
    const at::Tensor cents =
        (got.masked_select(voiced) / want.masked_select(voiced)).log2().abs() * 1200;
    EXPECT_GT(same, 0.999);
    EXPECT_LT(cents.max().item<double>(), method == F0Method::kYin ? 1e-6 : 1.0);
  }
}

TEST(ConvertTrack, BadSettingsAreErrors) {
  const ConvertVoice voice = test::rvc_voice("v2_40k_f0");
  const at::Tensor x = speech(48000, 64000);
  const auto fails = [&](auto change) {
    RvcSettings s = exact_settings();
    change(s);
    EXPECT_THROW(convert(voice, x, s), Error);
  };
  fails([](RvcSettings& s) { s.speaker = 3; });
  fails([](RvcSettings& s) { s.speaker = -1; });
  fails([](RvcSettings& s) { s.constants.pad = 100; });
  fails([](RvcSettings& s) { s.constants.query = s.constants.center; });
  EXPECT_THROW(convert(voice, at::empty({0}, at::kDouble), exact_settings()), Error);
  int calls = 0;
  const TrackCalls cancel{.check = [&] {
    if (++calls > 1) fail(Code::kCancelled, "enough");
  }};
  EXPECT_THROW(convert(voice, x, exact_settings(), cancel), Error);
}

TEST(ConvertVoice, ModelsThatDoNotFitAreErrors) {
  EXPECT_THROW(test::rvc_voice("v2_40k_f0", "index_v1.index"), Error);
  try {
    test::rvc_voice("v1_48k_f0", "index_v2.index");
    ADD_FAILURE() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kIndexMismatch);
  }
}

TEST(ConvertVoice, ProtectionAndRetrieval) {
  const ConvertVoice voice = test::rvc_voice("v2_40k_f0", "index_v2.index"),
                     plain = test::rvc_voice("v2_40k_f0");
  const at::Tensor f = test::golden("parity/rvc/golden.safetensors").at("out:retrieval.v2.query");
  const at::Tensor mean = test::golden("parity/rvc/golden.safetensors").at("out:retrieval.v2.npy");
  const int64_t frames = 2 * f.size(0);
  at::Tensor hz = at::full({frames}, 200.F);
  hz.slice(0, 0, 10).zero_();
  hz.slice(0, 10, 12).fill_(0.5F);  // below 1 Hz: not voiced for the protection
  const at::Tensor before = f.repeat_interleave(2, 0), after = mean.repeat_interleave(2, 0);
  RvcSettings s;
  s.index_rate = 0.6, s.protect = 0.25;
  const at::Tensor blended = after * 0.6 + before * 0.4;
  const at::Tensor got = voice.phone(f, hz, s)[0];
  test::expect_close("protected", got.slice(0, 0, 12),
                     (blended * 0.25 + before * 0.75).slice(0, 0, 12), 1e-5);
  test::expect_close("voiced", got.slice(0, 12), blended.slice(0, 12), 1e-5);
  s.protect = 0.5;
  test::expect_close("off", voice.phone(f, hz, s)[0], blended, 1e-5);
  s.index_rate = 0;
  test::expect_equal("no retrieval", voice.phone(f, hz, s)[0], before);
  test::expect_equal("no index", plain.phone(f, hz, RvcSettings{})[0], before);
}

}  // namespace
}  // namespace vl::stages
