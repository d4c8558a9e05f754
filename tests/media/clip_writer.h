#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "vl/media/assemble.h"
#include "vl/media/segment_encoder.h"

namespace vl::test {

/// A clip of given pictures and mono sound as the product makes them: one segment, put together.
class ClipWriter {
 public:
  /// @param like size, times and colours of the pictures; path: whose tags are kept; its sound
  ClipWriter(const std::string& path, const media::MediaInfo& like, int crf = 18)
      : path_(path),
        like_(like),
        encoder_(part(), path, *like.video, like.video->codec,
                 {.encoder = "software", .crf = crf, .threads = 1}),
        sound_{{}, like.audio ? like.audio->rate : 1, 1} {}
  ~ClipWriter() { std::filesystem::remove(part()); }
  ClipWriter(const ClipWriter&) = delete;
  ClipWriter& operator=(const ClipWriter&) = delete;

  void write_video(const media::VideoFrame& frame) { encoder_.write(frame); }
  void write_audio(const media::Pcm& mono) {
    sound_.rate = mono.rate;
    sound_.samples.insert(sound_.samples.end(), mono.samples.begin(), mono.samples.end());
  }
  void close() {
    encoder_.close();
    media::Assembly a{.out = path_,
                      .overwrite = true,
                      .segments = {part()},
                      .pictures = *like_.video,
                      .source = like_.path,
                      .copy_streams = false};
    if (like_.audio) {
      media::AudioInfo track = *like_.audio;
      track.codec.clear();  // AAC, Opus in WebM
      a.sound = media::EncodedSound{.next =
                                        [this](media::Pcm& block) {
                                          block = std::move(sound_);
                                          sound_ = {};
                                          return !block.samples.empty();
                                        },
                                    .rate = sound_.rate,
                                    .channels = 1,
                                    .track = track};
    }
    media::assemble(a);
  }

 private:
  std::string part() const { return path_ + ".packets"; }

  std::string path_;
  media::MediaInfo like_;
  media::SegmentEncoder encoder_;
  media::Pcm sound_;
};

}  // namespace vl::test
