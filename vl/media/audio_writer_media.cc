#include "vl/media/audio_writer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

#include <unistd.h>

#include "vl/core/error.h"
#include "vl/media/muxer.h"
#include "vl/media/resampler.h"

namespace vl::media {

namespace {

struct KindRow {
  AudioKind kind;
  const char *name, *container, *encoder;
  int64_t bits_per_channel, least_rate;  // lower ones have no room for the bits
};
constexpr KindRow kKinds[] = {{AudioKind::kWav, "wav", "wav", "pcm_s16le", 0, 0},
                              {AudioKind::kFlac, "flac", "flac", "flac", 0, 0},
                              {AudioKind::kMp3, "mp3", "mp3", "libmp3lame", 128000, 16000},
                              {AudioKind::kOpus, "opus", "opus", "libopus", 96000, 48000},
                              {AudioKind::kM4a, "m4a", "ipod", "aac", 128000, 24000},
                              {AudioKind::kRaw, "raw", "", "", 0, 0}};

const KindRow& row_of(AudioKind kind) {
  return *std::find_if(std::begin(kKinds), std::end(kKinds),
                       [&](const KindRow& row) { return row.kind == kind; });
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The header of a WAV stream whose length nobody knows yet.
std::string endless_wav_header(const AudioFormat& f) {
  std::string out;
  const auto put = [&out](uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  };
  const auto channels = static_cast<uint64_t>(f.channels), rate = static_cast<uint64_t>(f.rate);
  out += "RIFF";
  put(0xFFFFFFFFU, 4);
  out += "WAVEfmt ";
  put(16, 4), put(1, 2), put(channels, 2), put(rate, 4);
  put(rate * channels * 2, 4), put(channels * 2, 2), put(16, 2);
  out += "data";
  put(0xFFFFFFFFU, 4);
  return out;
}

}  // namespace

AudioKind audio_kind_of(const std::string& path, const std::string& flag) {
  const size_t dot = path.rfind('.');
  std::string name = flag;
  if (flag.empty())
    name = path == "-" ? "wav" : dot == std::string::npos ? "" : path.substr(dot + 1);
  name = lower(name);
  if (name == "ogg" && flag.empty()) name = "opus";
  for (const KindRow& row : kKinds)
    if (name == row.name && (row.kind != AudioKind::kRaw || !flag.empty())) return row.kind;
  if (!flag.empty())
    fail(Code::kBadValue, "unknown format {}: it is wav, flac, mp3, opus, m4a or raw", flag);
  throw Error(
      Code::kBadValue,
      fmt::format("the name {} does not end in .wav, .flac, .mp3, .opus, .ogg or .m4a", path),
      Where{.file = path}, {"name the format with --format"});
}

int64_t file_rate(AudioKind kind, int64_t rate) {
  const KindRow& row = row_of(kind);
  const AVCodec* codec = avcodec_find_encoder_by_name(row.encoder);
  return codec == nullptr ? rate : supported_rate(*codec, std::max(rate, row.least_rate));
}

struct AudioWriter::State {
  std::string path;
  AudioFormat format;
  bool to_stdout = false;
  std::optional<AtomicFile> raw;
  std::optional<Muxer> muxer;
  std::optional<SoundTrack> track;
  std::optional<Resampler> resampler;
  std::vector<float> floats;
  int64_t frames = 0;
  uint64_t bytes = 0;  ///< to standard output

  void open_stdout();
  void open_container(bool overwrite, const std::map<std::string, std::string>& tags);
  void put_plain(const int16_t* samples, int64_t frames);
  void put_plain(std::string_view bytes);
};

void AudioWriter::State::open_stdout() {
  if (format.kind != AudioKind::kWav && format.kind != AudioKind::kRaw)
    fail(Code::kBadValue, "standard output takes wav or raw, not {}", row_of(format.kind).name);
  if (::isatty(STDOUT_FILENO) == 1)
    throw Error(Code::kBytesToTerminal, "sound bytes are not written to a terminal", {},
                {"send standard output to a file or a program, or name a file"});
  to_stdout = true;
  if (format.kind == AudioKind::kWav) put_plain(endless_wav_header(format));
}

void AudioWriter::State::open_container(bool overwrite,
                                        const std::map<std::string, std::string>& tags) {
  const KindRow& row = row_of(format.kind);
  const AVCodec* codec = avcodec_find_encoder_by_name(row.encoder);
  if (codec == nullptr)
    fail(Code::kUnsupportedKind, "FFmpeg of this machine has no {} encoder", row.name);
  muxer.emplace(path, row.container, overwrite);
  AudioInfo like;
  like.rate = std::max(format.rate, row.least_rate);
  like.channels = format.channels;
  track.emplace(*muxer, *codec, like, row.bits_per_channel * format.channels);
  if (track->rate() != format.rate) resampler.emplace(format.rate, track->rate(), format.channels);
  for (const auto& [key, value] : tags)
    av_dict_set(&muxer->context().metadata, key.c_str(), value.c_str(), 0);
  std::map<std::string, std::string> options;
  if (format.kind == AudioKind::kWav) options["rf64"] = "auto";
  muxer->start(options);
}

void AudioWriter::State::put_plain(std::string_view data) {
  if (raw) return raw->write(data);
  write_all(STDOUT_FILENO, data, "standard output", bytes);
  bytes += data.size();
}

void AudioWriter::State::put_plain(const int16_t* samples, int64_t count) {
  put_plain(std::string_view(reinterpret_cast<const char*>(samples),
                             static_cast<size_t>(count * format.channels) * sizeof(int16_t)));
}

AudioWriter::AudioWriter(const std::string& path, const AudioFormat& format, bool overwrite,
                         const std::map<std::string, std::string>& tags)
    : state_(std::make_unique<State>()) {
  if (format.rate <= 0 || format.channels <= 0)
    fail(Code::kBadValue, "cannot write {} channels of {} Hz", format.channels, format.rate);
  state_->path = path;
  state_->format = format;
  if (path == "-")
    state_->open_stdout();
  else if (format.kind == AudioKind::kRaw)
    state_->raw.emplace(path, overwrite);
  else
    state_->open_container(overwrite, tags);
}

AudioWriter::~AudioWriter() = default;
AudioWriter::AudioWriter(AudioWriter&&) noexcept = default;
AudioWriter& AudioWriter::operator=(AudioWriter&&) noexcept = default;

int64_t AudioWriter::frames() const { return state_->frames; }
int64_t AudioWriter::rate() const {
  return state_->track ? state_->track->rate() : state_->format.rate;
}

void AudioWriter::write(const float* samples, int64_t frames) {
  State& s = *state_;
  const int64_t channels = s.format.channels;
  s.frames += frames;
  if (s.resampler) {
    const std::vector<float> at_rate = s.resampler->push(samples, frames);
    s.track->write(at_rate.data(), static_cast<int64_t>(at_rate.size()) / channels, channels);
  } else if (s.track) {
    s.track->write(samples, frames, channels);
  } else {
    std::vector<int16_t> rounded(static_cast<size_t>(frames * channels));
    std::transform(samples, samples + frames * channels, rounded.begin(), [](float x) {
      return static_cast<int16_t>(std::clamp(std::nearbyint(x * 32768.0F), -32768.0F, 32767.0F));
    });
    s.put_plain(rounded.data(), frames);
  }
}

void AudioWriter::write_int16(const int16_t* samples, int64_t frames) {
  State& s = *state_;
  if (!s.track) {
    s.frames += frames;
    return s.put_plain(samples, frames);
  }
  // Exact: a 16-bit integer over 2^15 is a float, and is rounded back to itself.
  s.floats.resize(static_cast<size_t>(frames * s.format.channels));
  std::transform(samples, samples + frames * s.format.channels, s.floats.begin(),
                 [](int16_t x) { return static_cast<float>(x) / 32768.0F; });
  write(s.floats.data(), frames);
}

void AudioWriter::close() {
  State& s = *state_;
  if (s.raw) return s.raw->commit();
  if (s.to_stdout) return;
  if (s.resampler) {
    const std::vector<float> rest = s.resampler->finish();
    s.track->write(rest.data(), static_cast<int64_t>(rest.size()) / s.format.channels,
                   s.format.channels);
  }
  s.track->finish();
  s.muxer->close();
}

}  // namespace vl::media
