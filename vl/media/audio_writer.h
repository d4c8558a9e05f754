#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace vl::media {

enum class AudioKind { kWav, kFlac, kMp3, kOpus, kM4a, kRaw };

struct AudioFormat {
  AudioKind kind = AudioKind::kWav;
  int64_t rate = 0;  ///< of the samples that are written, Hz
  int64_t channels = 1;
};

/// The kind that `--format` names (wav flac mp3 opus m4a raw); an empty flag: that of the name's
/// ending (.wav .flac .mp3 .opus .ogg .m4a), WAV for "-".
/// @throws Error(kBadValue) naming the known ones
AudioKind audio_kind_of(const std::string& path, const std::string& format_flag = "");

/// The rate, Hz, of a file of this kind that is to hold samples of `rate`: AudioWriter says which.
int64_t file_rate(AudioKind kind, int64_t rate);

/// Writes sound as it comes, in constant memory. WAV (RF64 above 4 GiB), FLAC and raw (s16le) hold
/// 16-bit samples: float is rounded and saturated. MP3 and AAC in M4A have 128 kb/s a channel,
/// Opus 96. A rate that the codec lacks becomes the nearest higher one that it has (Opus: 48 kHz;
/// MP3: at least 16 kHz, AAC: at least 24 kHz), resampled as by resample().
class AudioWriter {
 public:
  /// @param path "-": standard output, which takes WAV (its size fields are 0xFFFFFFFF) and raw
  /// @param tags of the container: title, artist, comment, date ... ; a container leaves out those
  /// that it does not know, and raw and standard output take none
  /// @throws Error kBadValue, kBytesToTerminal, kUnsupportedKind, kOutputExists, kNotWritable
  AudioWriter(const std::string& path, const AudioFormat& format, bool overwrite,
              const std::map<std::string, std::string>& tags = {});
  ~AudioWriter();
  AudioWriter(AudioWriter&&) noexcept;
  AudioWriter& operator=(AudioWriter&&) noexcept;

  /// Interleaved samples in [-1, 1]. @throws Error(kDiskFull, kNotWritable)
  void write(const float* samples, int64_t frames);
  /// WAV, FLAC and raw keep these bits. @throws as write
  void write_int16(const int16_t* samples, int64_t frames);
  int64_t frames() const;  ///< taken so far
  int64_t rate() const;    ///< of the file
  /// Finishes the file, flushes it to the disk and gives it its name; without it nothing stays.
  /// @throws as write; Error(kOutputExists) when somebody else made the target meanwhile
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vl::media
