#include "vl/dub/track_conversion.h"

#include <cmath>
#include <filesystem>
#include <map>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/dsp/int16.h"
#include "vl/dsp/rms_mix.h"
#include "vl/dub/media_record.h"
#include "vl/media/audio_reader.h"
#include "vl/media/audio_writer.h"
#include "vl/media/replace_audio.h"
#include "vl/media/resampler.h"

namespace vl::dub {

namespace {

constexpr uint64_t kBlock = 1 << 16;      // samples that move at once
constexpr float kSilence = 1.0F / 32768;  // a peak of one step of 16 bits or less
constexpr float kInputPeak = 0.95F;
constexpr uint64_t kAll = ~uint64_t{0};

/// Calls `use` with the spool's samples, block after block.
template <class Use>
void each_block(const SpoolOf<float>& spool, const Use& use) {
  std::vector<float> block(kBlock);
  for (uint64_t at = 0; at < spool.size(); at += kBlock) {
    const auto n = static_cast<size_t>(std::min(kBlock, spool.size() - at));
    spool.read(at, block.data(), n);
    use(block.data(), n, at);
  }
}

float peak_of(const float* x, size_t n, float peak) {
  for (size_t i = 0; i < n; ++i) peak = std::max(peak, std::abs(x[i]));
  return peak;
}

}  // namespace

bool is_video_name(const std::string& path) {
  const std::string ending = std::filesystem::path(path).extension().string();
  return ending == ".mp4" || ending == ".mov" || ending == ".mkv" || ending == ".webm";
}

TrackConversion::TrackConversion(const ConvertConfig& config, const JobEnvironment& env,
                                 std::string folder, WarningList& warnings, ConvertRecord& record)
    : config_(config),
      env_(env),
      folder_(std::move(folder)),
      warnings_(warnings),
      record_(record),
      times_("convert", env, record),
      source_(folder_),
      voice_(folder_),
      result_(folder_) {}

void TrackConversion::run(const std::string& input, const std::string& output,
                          const stages::ConvertVoice& voice, const stages::RvcSettings& settings,
                          double pitch_target) {
  check_target(input, output);
  times_.whole("decode", record_.timing.decode, [&] { decode(input, output); });
  rate_ = config_.rvc.resample_sr > 0 ? config_.rvc.resample_sr : voice.config().sample_rate;
  if (peak_ <= kSilence) {
    times_.whole("rvc", record_.timing.rvc, [&] { silence(); });
  } else {
    times_.whole("rvc", record_.timing.rvc, [&] { convert(voice, settings, pitch_target); });
    times_.whole("mix", record_.timing.mix, [&] { mix(voice.config().sample_rate); });
  }
  record_.timing.compute = times_.ms();
  times_.whole("encode", record_.timing.encode, [&] { encode(input, output); });
  keep_media(input, output);
}

void TrackConversion::progress(const std::string& name, uint64_t done, uint64_t total) const {
  if (env_.on_progress)
    env_.on_progress(name, static_cast<int64_t>(done), static_cast<int64_t>(total), "samples");
}

uint64_t TrackConversion::exact_length(int64_t rate) const {
  return static_cast<uint64_t>(
      std::llround(static_cast<double>(frames_) * static_cast<double>(rate) /
                   static_cast<double>(source_rate_)));
}

/// What can be known about the output before anything is decoded.
void TrackConversion::check_target(const std::string& input, const std::string& output) {
  to_video_ = output != kStandardStream && is_video_name(output);
  if (!to_video_) {
    const media::AudioKind kind = media::audio_kind_of(output, config_.convert.format);
    const int64_t wanted = config_.rvc.resample_sr, has = media::file_rate(kind, wanted);
    if (wanted != 0 && wanted != has)
      throw Error(Code::kBadValue,
                  fmt::format("--resample-sr {}: {} has no such rate", wanted, output),
                  Where{.file = output}, {fmt::format("--resample-sr {}", has)});
  } else if (!config_.convert.format.empty()) {
    fail(Code::kExclusiveFlags, "--format {} does not go with the video {}", config_.convert.format,
         output);
  }
  if (output != kStandardStream) check_output(output, env_.overwrite);
}

void TrackConversion::decode(const std::string& input, const std::string& output) {
  media::AudioReader reader =
      input == kStandardStream ? media::AudioReader::from_stdin(folder_, [this] { times_.check(); })
                               : media::AudioReader(input);
  info_ = reader.info();
  if (to_video_ && input == kStandardStream)
    fail(Code::kUnsupportedKind, "a video from standard input cannot be kept: give it as a file");
  if (to_video_ && !info_.video)
    throw Error(Code::kBadValue,
                fmt::format("{} has no pictures to keep, and {} is a video", info_.path, output),
                {}, {"name the output .wav, .flac, .mp3, .opus or .m4a"});
  std::optional<media::Resampler> to16;
  const auto keep = [&](const std::vector<float>& samples) {
    peak_ = peak_of(samples.data(), samples.size(), peak_);
    source_.append(samples.data(), samples.size());
  };
  media::Pcm block;
  while (reader.read(block)) {
    times_.check();
    const media::Pcm mono = media::to_mono(block);
    if (!to16) to16.emplace(mono.rate, stages::kRvcRate, 1);
    source_rate_ = mono.rate;
    keep(to16->push(mono.samples.data(), mono.frames()));
    progress("decode", static_cast<uint64_t>(reader.frames()),
             static_cast<uint64_t>(info_.seconds * static_cast<double>(mono.rate)));
  }
  if (to16) keep(to16->finish());
  frames_ = reader.frames();
  if (reader.replaced() > 0)
    warnings_.add({"W0118", fmt::format("{} samples of {} are no finite numbers and count as 0",
                                        reader.replaced(), info_.path)});
  if (reader.damaged() > 0)
    warnings_.add({"W0108", fmt::format("{} of {} sound packets of {} do not decode",
                                        reader.damaged(), reader.packets(), info_.path)});
}

void TrackConversion::silence() {
  const std::vector<float> zeros(kBlock, 0.F);
  for (uint64_t left = exact_length(rate_); left > 0; left -= std::min(kBlock, left))
    result_.append(zeros.data(), std::min(kBlock, left));
}

/// The peak rule of the public loader and the high-pass.
void TrackConversion::filter() {
  filtered_.emplace(folder_);
  const float level = peak_ / kInputPeak;
  each_block(source_, [&](float* x, size_t n, uint64_t) {
    if (level > 1.F)
      for (size_t i = 0; i < n; ++i) x[i] /= level;
    filtered_->push(x, static_cast<int64_t>(n));
  });
  filtered_->finish();
}

void TrackConversion::convert(const stages::ConvertVoice& voice,
                              const stages::RvcSettings& settings, double pitch_target) {
  filter();
  const stages::TrackSource source{
      filtered_->size(), [&](int64_t begin, int64_t n) { return filtered_->read(begin, n); }};
  const stages::TrackCalls calls{.check = [this] { times_.check(); },
                                 .progress =
                                     [this](int64_t done, int64_t total) {
                                       progress("rvc", static_cast<uint64_t>(done),
                                                static_cast<uint64_t>(total));
                                     }};
  // With exact_length one result sample for every sample that came in, else all that there is.
  const uint64_t limit = settings.exact_length ? exact_length(voice.config().sample_rate) : kAll;
  const auto sink = [&](const at::Tensor& piece) {
    voice_.append(piece.const_data_ptr<float>(),
                  std::min<uint64_t>(static_cast<uint64_t>(piece.numel()), limit - voice_.size()));
  };
  keep_report(stages::convert_track(voice, source, settings, calls, sink, pitch_target), settings);
}

void TrackConversion::keep_report(const stages::TrackReport& report,
                                  const stages::RvcSettings& settings) {
  if (!report.f0.defined()) return;
  const auto hz = [](double v) { return v > 0 ? std::optional(v) : std::nullopt; };
  static const std::map<stages::F0Method, const char*> kNames = {
      {stages::F0Method::kRmvpe, "rmvpe"},
      {stages::F0Method::kYin, "yin"},
      {stages::F0Method::kHarvest, "harvest"}};
  record_.f0 = PitchRecord{kNames.at(settings.f0_method), report.voiced_ratio,
                           hz(report.median_hz_in), hz(report.median_hz_out)};
}

/// The loudness mix, then the output's rate and length.
void TrackConversion::mix(int64_t voice_rate) {
  dsp::RmsMix mix{.rate = config_.rvc.rms_mix_rate};
  const bool mixed = mix.rate != 1.0 && voice_.size() > 0;
  if (mixed) {
    dsp::RmsCurve in(stages::kRvcRate), own(voice_rate);
    for (auto y = filtered_->take(); !y.empty(); y = filtered_->take())
      in.push(y.data(), static_cast<int64_t>(y.size()));
    each_block(voice_, [&](float* x, size_t n, uint64_t) { own.push(x, static_cast<int64_t>(n)); });
    mix.input = in.finish(), mix.output = own.finish();
  }
  const uint64_t limit = config_.rvc.exact_length ? exact_length(rate_) : kAll;
  const auto keep = [&](const std::vector<float>& ready) {
    const auto n = std::min<uint64_t>(ready.size(), limit - result_.size());
    result_peak_ = peak_of(ready.data(), n, result_peak_);
    result_.append(ready.data(), n);
  };
  media::Resampler resampler(voice_rate, rate_, 1);
  const auto total = static_cast<int64_t>(voice_.size());
  each_block(voice_, [&](float* x, size_t n, uint64_t at) {
    times_.check();
    const auto count = static_cast<int64_t>(n);
    if (mixed) {
      const at::Tensor gain = dsp::rms_gain(mix, static_cast<int64_t>(at), count, total);
      for (size_t i = 0; i < n; ++i) x[i] *= gain.const_data_ptr<float>()[i];
    }
    keep(resampler.push(x, count));
    progress("mix", at + n, static_cast<uint64_t>(total));
  });
  keep(resampler.finish());
  // The lengths at the two rates are rounded: one or two samples may be missing.
  if (limit != kAll) keep(std::vector<float>(limit - result_.size(), 0.F));
}

/// The public program's 16-bit samples, block after block.
template <class Use>
void TrackConversion::each_int16(const Use& use) const {
  const double scale = dsp::int16_scale(result_peak_);
  std::vector<int16_t> out(kBlock);
  each_block(result_, [&](const float* x, size_t n, uint64_t at) {
    times_.check();
    dsp::to_int16(x, static_cast<int64_t>(n), scale, out.data());
    use(out.data(), static_cast<int64_t>(n));
    progress("encode", at + n, result_.size());
  });
}

void TrackConversion::encode(const std::string& input, const std::string& output) {
  if (to_video_) return encode_video(input, output);
  const media::AudioKind kind = media::audio_kind_of(output, config_.convert.format);
  media::AudioWriter writer(output, {kind, rate_, 1}, env_.overwrite);
  each_int16([&](const int16_t* x, int64_t n) { writer.write_int16(x, n); });
  writer.close();
}

/// The same 16-bit samples as the sound of the source's pictures.
void TrackConversion::encode_video(const std::string& input, const std::string& output) {
  const double scale = dsp::int16_scale(result_peak_);
  std::vector<int16_t> whole(kBlock);
  uint64_t at = 0;
  const auto next = [&](media::Pcm& block) {
    times_.check();
    const auto n = std::min(kBlock, result_.size() - at);
    block = {std::vector<float>(n), rate_, 1};
    result_.read(at, block.samples.data(), n);
    dsp::to_int16(block.samples.data(), static_cast<int64_t>(n), scale, whole.data());
    for (uint64_t i = 0; i < n; ++i) block.samples[i] = static_cast<float>(whole[i]) / 32768.F;
    at += n;
    progress("encode", at, result_.size());
    return n > 0;
  };
  const media::ReplaceResult done =
      media::replace_audio(input, output, next, {.rate = rate_, .overwrite = env_.overwrite});
  for (const media::DroppedStream& d : done.dropped)
    warnings_.add({"W0101", fmt::format("stream {} ({}, {}) is not in the output", d.stream, d.kind,
                                        d.codec)});
}

void TrackConversion::keep_media(const std::string& input, const std::string& output) {
  if (input != kStandardStream) {
    record_.input = media_record(info_);
  } else {
    record_.input = {.container = info_.container, .other_streams = info_.other_streams};
    record_.input.audio = AudioRecord{info_.audio->codec, info_.audio->layout, info_.audio->rate,
                                      info_.audio->channels};
  }
  record_.input.seconds = static_cast<double>(frames_) / static_cast<double>(source_rate_);
  const bool raw =
      !to_video_ && media::audio_kind_of(output, config_.convert.format) == media::AudioKind::kRaw;
  if (output != kStandardStream && !raw) {
    record_.output = media_record(media::probe(output));
    return;
  }
  record_.output = {.container = raw ? "s16le" : "wav"};
  if (output != kStandardStream) record_.output.path = output;
  record_.output.seconds = static_cast<double>(result_.size()) / static_cast<double>(rate_);
  record_.output.audio = AudioRecord{"pcm_s16le", "mono", rate_, 1};
}

}  // namespace vl::dub
