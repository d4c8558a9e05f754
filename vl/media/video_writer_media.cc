#include "vl/media/video_writer.h"

#include <optional>

#include "vl/media/muxer.h"
#include "vl/media/picture_encoder.h"

namespace vl::media {

struct VideoWriter::State {
  State(const std::string& target, const MediaInfo& source, const WriterOptions& o)
      : muxer(target, container_of(target), o.overwrite),
        video(*muxer.context().oformat, *source.video, source.video->codec,
              {.video_codec = o.video_codec,
               .encoder = "software",
               .crf = o.crf,
               .threads = o.threads}) {}

  Muxer muxer;
  PictureEncoder video;
  AVStream* video_stream = nullptr;
  std::optional<SoundTrack> sound;

  void add_video(const VideoInfo& pictures);
  PictureEncoder::Take take();
};

void VideoWriter::State::add_video(const VideoInfo& v) {
  const AVCodecContext& c = video.context();
  video_stream = avformat_new_stream(&muxer.context(), nullptr);
  avcodec_parameters_from_context(video_stream->codecpar, &c);
  if (c.codec_id == AV_CODEC_ID_HEVC && muxer.edit_lists())
    video_stream->codecpar->codec_tag = MKTAG('h', 'v', 'c', '1');
  video_stream->time_base = c.time_base;
  video_stream->avg_frame_rate = c.framerate;
  video_stream->sample_aspect_ratio = c.sample_aspect_ratio;
  if (v.rotation != 0 && video.choice().turned == 0) {
    auto* matrix = reinterpret_cast<int32_t*>(
        av_stream_new_side_data(video_stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(int32_t)));
    av_display_rotation_set(matrix, v.rotation);
  }
}

/// Finished packets go to the container.
PictureEncoder::Take VideoWriter::State::take() {
  return
      [this](AVPacket& packet) { muxer.write(packet, *video_stream, video.context().time_base); };
}

void check_container(const std::string& path) { container_of(path); }

VideoWriter::VideoWriter(const std::string& path, const MediaInfo& source,
                         const WriterOptions& options)
    : state_(std::make_unique<State>(path, source, options)) {
  Muxer& muxer = state_->muxer;
  state_->add_video(*source.video);
  if (source.audio)
    state_->sound.emplace(muxer, sound_encoder(*muxer.context().oformat, ""), *source.audio,
                          sound_bit_rate(source.audio->bit_rate, source.audio->channels));
  muxer.copy_tags(*open_input(source.path));
  muxer.start();
}

VideoWriter::~VideoWriter() = default;

int64_t VideoWriter::audio_rate() const { return state_->sound ? state_->sound->rate() : 0; }

void VideoWriter::write_video(const VideoFrame& frame) {
  state_->video.write(frame, state_->take());
}

void VideoWriter::write_audio(const Pcm& mono) {
  if (state_->sound) state_->sound->write(mono.samples.data(), mono.frames(), 1);
}

void VideoWriter::close() {
  State& s = *state_;
  if (s.sound) s.sound->finish();
  s.video.finish(s.take());
  s.muxer.close();
}

}  // namespace vl::media
