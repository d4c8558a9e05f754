#include "vl/stages/rvc_options.h"

#include <cmath>
#include <cstdlib>

#include "vl/core/error.h"
#include "vl/core/file.h"

namespace vl::stages {

namespace {

constexpr double kMaxSemitones = 24.0;
constexpr int64_t kLeastRate = 16000, kMaxRate = 48000;
constexpr uint64_t kMaxF0File = 64U << 20;

}  // namespace

void describe(RvcOptions& o, Fields& f) {
  f.add("rvc_model", &o.rvc_model, "RVC voice model instead of the voice's: name or .pth file")
      .alias({"pth-path"});
  f.add("rvc_index", &o.rvc_index, "feature index (.index) instead of the voice's")
      .alias({"index-path"});
  f.add("pitch", &o.pitch, "shift in semitones, -24..24, or auto: to the voice's median pitch")
      .alias({"f0-up-key"});
  f.add("index_rate", &o.index_rate, "share of the features taken from the index").range(0, 1);
  f.add("protect", &o.protect,
        "share of the index in unvoiced frames, against torn consonants; 0.5: no protection")
      .range(0, 0.5);
  f.add("rms_mix_rate", &o.rms_mix_rate,
        "loudness: 0 follows the input, 1 stays as the voice gives it")
      .range(0, 1)
      .alias({"volume-envelope"});
  f.add("f0_method", &o.f0_method, "auto: rmvpe where a model fills role f0, else yin")
      .one_of({"auto", "rmvpe", "yin", "harvest"});
  f.add("resample_sr", &o.resample_sr, "sample rate of the result, 16000..48000; 0: the voice's")
      .range(0, static_cast<double>(kMaxRate));
  f.add("filter_radius", &o.filter_radius, "harvest only: above 2, a median over three frames")
      .range(0, 7);
  f.add("f0_file", &o.f0_file, "CSV of seconds,hz that replaces the pitch found");
  f.add("speaker", &o.speaker, "speaker id inside the model").range(0, 100000).alias({"sid"});
  f.add("exact_length", &o.exact_length,
        "keep the sample count and cross-fade cuts; --no-exact-length joins as the public program");
  f.add("rvc_compat", &o.rvc_compat,
        "classic: unvoiced frames stay unvoiced; 2026: pitch is interpolated over them")
      .one_of({"classic", "2026"});
}

std::optional<double> RvcOptions::semitones() const {
  if (pitch == "auto") return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(pitch.c_str(), &end);
  if (pitch.empty() || *end != '\0' || !(std::abs(value) <= kMaxSemitones))
    throw Error(
        Code::kBadValue,
        fmt::format("--pitch is \"{}\"; it takes semitones from -24 to 24, or auto", pitch));
  return value;
}

void RvcOptions::validate() const {
  const auto shift = semitones();
  if (resample_sr != 0 && resample_sr < kLeastRate)
    fail(Code::kBadValue, "--resample-sr is {}; it takes 0, or {} to {} Hz", resample_sr,
         kLeastRate, kMaxRate);
  if (!shift && !f0_file.empty())
    fail(Code::kExclusiveFlags, "--pitch auto and --f0-file exclude each other");
}

bool wants_rmvpe(const RvcOptions& o, bool available) {
  return o.f0_method == "rmvpe" || (o.f0_method == "auto" && available);
}

RvcSettings to_settings(const RvcOptions& o, bool rmvpe, uint64_t seed) {
  RvcSettings s;
  s.semitones = o.semitones().value_or(0.0);
  s.speaker = o.speaker;
  s.f0_method = o.f0_method == "harvest" ? F0Method::kHarvest
                : wants_rmvpe(o, rmvpe)  ? F0Method::kRmvpe
                                         : F0Method::kYin;
  s.filter_radius = o.filter_radius;
  s.interpolate_f0 = o.rvc_compat == "2026";
  if (!o.f0_file.empty())
    s.f0_curve = dsp::parse_f0_file(read_file(o.f0_file, kMaxF0File), o.f0_file);
  s.index_rate = o.index_rate;
  s.protect = o.protect;
  s.seed = seed;
  s.exact_length = o.exact_length;
  return s;
}

}  // namespace vl::stages
