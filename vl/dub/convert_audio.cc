#include "vl/dub/convert_audio.h"

#include <unistd.h>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "vl/core/clock.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/dub/consent.h"
#include "vl/dub/rvc_voice.h"
#include "vl/dub/track_conversion.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/media/audio_writer.h"
#include "vl/stages/convert_stream.h"

namespace vl::dub {

namespace fs = std::filesystem;

AudioConverter::AudioConverter(const ConvertConfig& config, const ModelPlaces& places,
                               const JobEnvironment& env, WarningList& warnings)
    : config_(config), cache_dir_(places.cache_dir.string()) {
  const Stopwatch watch;
  ModelSet models(places);
  const bool own_voice = config.rvc.rvc_model.empty();
  const weights::PackVoice* voice = own_voice ? &models.voice(config.convert.voice) : nullptr;
  if (own_voice && !voice->rvc)
    throw Error(Code::kModelMissing,
                fmt::format("voice \"{}\" has no conversion model", voice->name), {},
                {"give --rvc-model FILE, or a voice with one"});
  pitch_target_ = pitch_target(config.rvc, voice);
  const stages::RvcModels loaded = load_rvc(config.rvc, voice, models);
  settings_ = stages::to_settings(config.rvc, loaded.f0 != nullptr, env.seed);
  voice_ = std::make_unique<stages::ConvertVoice>(loaded);
  voice_name_ = own_voice ? voice->name : fs::path(config.rvc.rvc_model).stem().string();
  models_ = models.used();
  models.warn_untrained(warnings);
  consent_ = job_consent(config.consent, voice, {models.digest("rvc")});
  if (consent_.kind == "none")
    warnings.add({"W0119", "an ad-hoc voice is used without a consent record"});
  std::error_code error;
  fs::create_directories(cache_dir_, error);
  if (error)
    throw Error(Code::kNotWritable, fmt::format("cannot make the folder {}", cache_dir_),
                Where{.file = cache_dir_}, {"give --cache-dir a folder that can be written"});
  load_ms_ = watch.ms();
}

void AudioConverter::run(const std::string& input, const std::string& output,
                         const JobEnvironment& env, WarningList& warnings,
                         ConvertRecord& record) const {
  const Stopwatch watch;
  const c10::InferenceMode inference;
  kernels::prepare_compute_thread();
  record.job = env.job;
  record.seed = env.seed;
  record.voice = voice_name_;
  record.consent = consent_;
  record.models = models_;
  record.timing.load = load_ms_;
  TrackConversion(config_, env, cache_dir_, warnings, record)
      .run(input, output, *voice_, settings_, pitch_target_);
  record.timing.total = watch.ms();
}

double AudioConverter::stream_latency_ms() const {
  const stages::StreamConfig c{.rate = config_.convert.stream_rate,
                               .block_ms = config_.convert.block_ms};
  const stages::ConvertStream stream(*voice_, settings_, c);
  return 1000.0 * static_cast<double>(stream.latency_samples()) / static_cast<double>(c.rate);
}

namespace {

/// Fills the block from standard input; false when nothing came. A source that is silent for long
/// can be cancelled.
bool read_block(std::vector<int16_t>& block, const JobEnvironment& env) {
  auto* bytes = reinterpret_cast<char*>(block.data());
  const size_t wanted = block.size() * sizeof(int16_t);
  size_t got = 0;
  const auto check = [&] {
    if (env.cancelled && env.cancelled()) fail(Code::kCancelled, "cancelled in the stream");
  };
  while (got < wanted) {
    wait_readable(STDIN_FILENO, check);
    const ssize_t n = ::read(STDIN_FILENO, bytes + got, wanted - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(Code::kNotFound, "cannot read standard input");
    if (n == 0) break;
    got += static_cast<size_t>(n);
  }
  std::fill(bytes + got, bytes + wanted, '\0');
  return got > 0;
}

}  // namespace

void AudioConverter::stream(const JobEnvironment& env) const {
  const c10::InferenceMode inference;
  kernels::prepare_compute_thread();
  const stages::ConvertStream stream(*voice_, settings_,
                                     {.rate = config_.convert.stream_rate,
                                      .block_ms = config_.convert.block_ms,
                                      .rms_mix_rate = config_.rvc.rms_mix_rate});
  media::AudioWriter writer(kStandardStream,
                            {media::AudioKind::kRaw, config_.convert.stream_rate, 1}, false);
  stages::StreamState state = stream.start();
  const int64_t size = stream.block_samples();
  std::vector<int16_t> block(static_cast<size_t>(size));
  const auto step = [&] {
    at::Tensor x = at::empty({size});
    for (int64_t i = 0; i < size; ++i)
      x.data_ptr<float>()[i] = static_cast<float>(block[static_cast<size_t>(i)]) / 32768.F;
    const at::Tensor y = stream.process(state, x);
    writer.write(y.const_data_ptr<float>(), size);
  };
  bool any = false;
  while (read_block(block, env)) any = true, step();
  std::fill(block.begin(), block.end(), int16_t{0});
  for (int64_t left = any ? stream.latency_samples() - size : 0; left > 0; left -= size) step();
  writer.close();
}

std::vector<std::string> output_paths(const ConvertOptions& o) {
  const bool folder = o.input.size() > 1 || fs::is_directory(o.out);
  if (!folder) return {o.out};
  std::error_code error;
  fs::create_directories(o.out, error);
  if (!fs::is_directory(o.out))
    throw Error(Code::kNotWritable, fmt::format("cannot make the folder {}", o.out),
                Where{.file = o.out});
  std::vector<std::string> out;
  for (const std::string& input : o.input) {
    const fs::path name = input == kStandardStream ? fs::path("stdin") : fs::path(input).filename();
    std::string ending = o.format.empty() ? "wav" : o.format;
    if (o.format.empty() && is_video_name(input)) ending = name.extension().string().substr(1);
    const std::string path = (fs::path(o.out) / name.stem()).string() + "." + ending;
    if (std::find(out.begin(), out.end(), path) != out.end())
      throw Error(Code::kExclusiveFlags, fmt::format("two inputs would be written to {}", path), {},
                  {"convert files of the same name one by one"});
    out.push_back(path);
  }
  return out;
}

}  // namespace vl::dub
