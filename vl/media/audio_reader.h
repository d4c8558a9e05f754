#pragma once

#include <functional>
#include <memory>
#include <string>

#include "vl/media/probe.h"
#include "vl/media/wav.h"

namespace vl::media {

/// Decodes the default sound stream of any file FFmpeg reads, block by block in constant memory.
/// Sample 0 is time 0 of the media clock: a stream that starts later gets silence in front, gaps
/// are filled, and what an encoder put before the first sample (MP3, AAC, Opus) is left out.
class AudioReader {
 public:
  /// @param length kAny: without a limit for files that hold no pictures
  /// @throws Error as probe(), kNoAudio, kUnsupportedKind
  explicit AudioReader(const std::string& path, SoundLength length = SoundLength::kAny);
  /// Standard input to its end, kept in an unnamed file in `folder`; "standard input" in messages.
  /// @param check called while waiting for input; its error ends the call
  /// @throws as Spool, as the constructor
  static AudioReader from_stdin(const std::string& folder, const std::function<void()>& check = {});
  ~AudioReader();
  AudioReader(AudioReader&&) noexcept;
  AudioReader& operator=(AudioReader&&) noexcept;

  const MediaInfo& info() const;
  /// The next samples, interleaved, at the stream's own rate and channels: at least one frame, at
  /// most some ten thousand. False at the end. Up to 2 % damaged packets are passed over.
  /// @param block its memory is used again; `replaced` counts this block
  /// @throws Error(kTruncatedInput) at the end, when more than that is damaged, or missing of what
  /// the file says to hold, or nothing decodes;
  /// Error(kUnsupportedKind) when rate or channels change on the way
  bool read(Pcm& block);
  int64_t frames() const;    ///< read so far, of silence too
  int64_t replaced() const;  ///< samples so far that were no finite numbers; they are 0
  int64_t packets() const;   ///< of sound, so far
  int64_t damaged() const;   ///< packets so far that did not decode

 private:
  struct State;
  explicit AudioReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vl::media
