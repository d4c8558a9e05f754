#include "vl/media/replace_audio.h"

#include <optional>

#include "vl/core/error.h"
#include "vl/media/stream_copy.h"

namespace vl::media {

namespace {

MediaInfo require_streams(AVFormatContext& input, const std::string& source) {
  MediaInfo info = describe_input(input, source, SoundLength::kLimited);
  if (!info.video)
    throw Error(Code::kNoVideo, source + " has no video stream", Where{.file = source});
  if (!info.audio)
    throw Error(Code::kNoAudio, source + " has no audio stream", Where{.file = source});
  return info;
}

/// One run of replace_audio().
class Replacement {
 public:
  Replacement(const std::string& source, const std::string& out, const SoundFeed::Next& next,
              const ReplaceOptions& options);
  ReplaceResult run();

 private:
  void add_sound(const SoundFeed::Next& next, int64_t rate);

  InputContext input_;
  MediaInfo info_;
  Muxer muxer_;
  StreamCopy copy_;
  std::optional<SoundFeed> sound_;
  ReplaceResult result_;
};

Replacement::Replacement(const std::string& source, const std::string& out,
                         const SoundFeed::Next& next, const ReplaceOptions& options)
    : input_(open_input(source)),
      info_(require_streams(*input_, source)),
      muxer_(out, container_of(out), options.overwrite),
      copy_(*input_, clock_start(*input_), muxer_) {
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    AVStream& from = *input_->streams[i];
    if (static_cast<int>(i) == info_.audio->stream) {
      add_sound(next, options.rate);
    } else if (copy_.add(i, &result_.dropped) != nullptr) {
      continue;
    } else if (static_cast<int>(i) == info_.video->stream) {
      throw Error(Code::kUnsupportedKind,
                  fmt::format("a {} file does not take {} pictures", muxer_.context().oformat->name,
                              info_.video->codec),
                  Where{.file = out}, {"name the output .mkv"});
    }
    from.discard = AVDISCARD_ALL;
  }
  copy_chapters(*input_, clock_start(*input_), muxer_);
  muxer_.copy_tags(*input_);
  for (const auto& [key, value] : options.tags)
    av_dict_set(&muxer_.context().metadata, key.c_str(), value.c_str(), 0);
  muxer_.start();
}

void Replacement::add_sound(const SoundFeed::Next& next, int64_t rate) {
  sound_.emplace(muxer_, *info_.audio, next, rate, 1);
  AVStream& to = sound_->track().stream();
  copy_stream_properties(*input_->streams[info_.audio->stream], to);
  to.sample_aspect_ratio = to.avg_frame_rate = to.r_frame_rate = {0, 1};
  drop_statistics(to);
  result_.codec = sound_->codec();
  result_.layout = sound_->layout();
  result_.rate = sound_->track().rate();
}

ReplaceResult Replacement::run() {
  while (copy_.read() < kNever) {
    sound_->write_until(copy_.time() + kSoundAhead);
    copy_.write();
  }
  sound_->finish();
  result_.frames = sound_->track().frames();
  muxer_.close();
  return std::move(result_);
}

}  // namespace

ReplaceResult replace_audio(const std::string& source, const std::string& out,
                            const std::function<bool(Pcm&)>& next, const ReplaceOptions& options) {
  return Replacement(source, out, next, options).run();
}

}  // namespace vl::media
