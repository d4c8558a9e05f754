#include "vl/media/video_reader.h"

#include <algorithm>

#include "vl/core/error.h"
#include "vl/media/av_handles.h"

namespace vl::media {

namespace {

constexpr double kDamagedShare = 0.02, kMissingEnd = 0.5;
constexpr double kSeekBack[] = {0.0, 1.0, 10.0};  // seconds before the picture, tried in turn

}  // namespace

struct VideoReader::State {
  MediaInfo info;
  ReadOptions options;
  InputContext input;
  CodecContext decoder;
  PacketPtr packet{av_packet_alloc()};
  bool draining = false, ended = false;
  bool from_start = true;  ///< every packet of the file was seen
  bool timed = true;       ///< every packet had a presentation time
  bool await_key = false;  ///< packets before the next key frame refer to pictures left behind
  int64_t decoded = 0, damaged = 0, hidden = 0, last_pts = AV_NOPTS_VALUE;
  int64_t clock_start = 0;            ///< of the container, in the stream's time base
  double last_time = 0.0;             ///< end of the last packet of any stream, seconds
  std::optional<VideoFrame> waiting;  ///< decoded by seek()

  const AVStream& stream() const { return *input->streams[info.video->stream]; }
  void open();
  void feed();
  FramePtr decode();
  VideoFrame wrap(FramePtr frame);
  void check_end() const;
  bool jump(int64_t pts, int64_t index, double back);
  bool run_to(int64_t index);
};

/// At the start of the file.
void VideoReader::State::open() {
  input = open_input(info.path);
  decoder = open_decoder(stream(), options.threads);
  clock_start = std::llround(media::clock_start(*input) / av_q2d(stream().time_base));
  draining = ended = false;
  from_start = timed = true;
  await_key = false;
  decoded = damaged = hidden = 0;
  last_pts = AV_NOPTS_VALUE;
  last_time = 0.0;
  waiting.reset();
}

VideoReader::VideoReader(const std::string& path, const ReadOptions& options)
    : state_(std::make_unique<State>()) {
  if (options.rotate % 90 != 0 || options.rotate < 0 || options.rotate > 270)
    fail(Code::kBadValue, "cannot rotate by {} degrees: 0, 90, 180 or 270", options.rotate);
  state_->info = probe(path);
  if (!state_->info.video)
    throw Error(Code::kNoVideo, path + " has no video stream", Where{.file = path});
  int& rotation = state_->info.video->rotation;
  rotation = (rotation + options.rotate) % 360;
  state_->options = options;
  state_->open();
}

VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;

const MediaInfo& VideoReader::info() const { return state_->info; }
int64_t VideoReader::decoded() const { return state_->decoded - (state_->waiting ? 1 : 0); }
int64_t VideoReader::damaged() const { return state_->damaged; }

/// Hands the decoder one more packet, or the end of the stream.
void VideoReader::State::feed() {
  while (true) {
    const int read = av_read_frame(input.get(), packet.get());
    if (read < 0) {
      draining = true;
      avcodec_send_packet(decoder.get(), nullptr);
      return;
    }
    const bool ours = packet->stream_index == info.video->stream;
    const AVRational& base = input->streams[packet->stream_index]->time_base;
    if (packet->pts != AV_NOPTS_VALUE)
      last_time =
          std::max(last_time, static_cast<double>(packet->pts + packet->duration) * av_q2d(base));
    // An edit list hides these: they are decoded for what refers to them, and not shown.
    if (ours && (packet->flags & AV_PKT_FLAG_DISCARD) != 0) ++hidden;
    if (ours && packet->pts == AV_NOPTS_VALUE) timed = false;
    if (ours && (packet->flags & AV_PKT_FLAG_KEY) != 0) await_key = false;
    const int sent = ours && !await_key ? avcodec_send_packet(decoder.get(), packet.get()) : 0;
    av_packet_unref(packet.get());
    if (ours && sent < 0 && sent != AVERROR(EAGAIN)) ++damaged;
    if (ours) return;
  }
}

/// The next picture with its time on the media clock; null at the end.
FramePtr VideoReader::State::decode() {
  FramePtr frame(av_frame_alloc());
  while (true) {
    const int got = avcodec_receive_frame(decoder.get(), frame.get());
    if (got == 0) {
      frame->pts = frame->best_effort_timestamp;
      if (frame->pts != AV_NOPTS_VALUE) frame->pts -= clock_start;
      return frame;
    }
    if (got == AVERROR(EAGAIN)) {
      feed();
    } else if (got == AVERROR_EOF || draining) {
      return nullptr;
    } else {
      ++damaged;
      feed();
    }
  }
}

VideoFrame VideoReader::State::wrap(FramePtr frame) {
  const VideoInfo& v = *info.video;
  const int64_t step =
      frame->pkt_duration > 0
          ? frame->pkt_duration
          : std::max<int64_t>(1, static_cast<int64_t>(
                                     1.0 / (std::max(v.fps.value(), 1.0) * v.time_base.value())));
  if (frame->pts == AV_NOPTS_VALUE || (last_pts != AV_NOPTS_VALUE && frame->pts <= last_pts))
    frame->pts = last_pts == AV_NOPTS_VALUE ? 0 : last_pts + step;
  last_pts = frame->pts;
  frame->time_base = {v.time_base.num, v.time_base.den};
  if ((frame->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame->decode_error_flags != 0) ++damaged;
  const double time = static_cast<double>(frame->pts) * v.time_base.value();
  std::shared_ptr<AVFrame> shared(frame.release(), [](AVFrame* f) { av_frame_free(&f); });
  return {std::move(shared), decoded++, v.rotation, time};
}

void VideoReader::State::check_end() const {
  if (!from_start) return;
  const bool picture = is_still(info);
  if (decoded == 0)
    throw Error(picture ? Code::kBadPicture : Code::kTruncatedInput,
                picture ? "cannot decode picture " + info.path
                        : fmt::format("{} ends early: no frame decodes", info.path),
                Where{.file = info.path});
  int64_t expected = std::max(info.video->frames - hidden, decoded);
  // A container that counts no pictures still says how long it is; Matroska counts from 0.
  const bool from_zero = info.container == "matroska" || info.container == "webm" ||
                         input->start_time == AV_NOPTS_VALUE;
  const double begin = from_zero ? 0.0 : static_cast<double>(input->start_time) / AV_TIME_BASE;
  const double end = begin + info.seconds;
  if (info.video->frames == 0 && info.whole_length && !picture &&
      end - last_time > std::max(kMissingEnd, kDamagedShare * info.seconds))
    expected = std::max<int64_t>(decoded + 2, std::llround(info.seconds * info.video->fps.value()));
  const int64_t lost = std::max(expected - decoded, damaged);
  if (static_cast<double>(lost) > kDamagedShare * static_cast<double>(expected) && lost > 1)
    throw Error(Code::kTruncatedInput,
                fmt::format("{} ends early: {} of {} frames decode", info.path,
                            std::min(decoded, expected - lost), expected),
                Where{.file = info.path, .stream = info.video->stream, .frame = decoded},
                {"copy or load the file again"});
}

std::optional<VideoFrame> VideoReader::next() {
  State& s = *state_;
  if (s.waiting) return std::exchange(s.waiting, std::nullopt);
  if (s.ended) return std::nullopt;
  if (FramePtr frame = s.decode()) return s.wrap(std::move(frame));
  s.ended = true;
  s.check_end();
  return std::nullopt;
}

/// Looks for the picture from a key frame before it. False: this file or that key frame does not
/// lead to it.
bool VideoReader::State::jump(int64_t pts, int64_t index, double back) {
  if ((input->iformat->flags & AVFMT_NOTIMESTAMPS) != 0) return false;
  open();
  const int64_t to = pts + clock_start - std::llround(back / av_q2d(stream().time_base));
  if (av_seek_frame(input.get(), info.video->stream, to, AVSEEK_FLAG_BACKWARD) < 0) return false;
  await_key = true;
  const AVCodecDescriptor* codec = avcodec_descriptor_get(decoder->codec_id);
  // Pictures that are refreshed part by part have no key frame to start from.
  bool whole = codec != nullptr && (codec->props & AV_CODEC_PROP_INTRA_ONLY) != 0;
  while (FramePtr frame = decode()) {
    whole |= frame->pict_type == AV_PICTURE_TYPE_I;
    // Without times in the packets, those of pictures that are shown in another order are guesses.
    if (!timed && decoder->has_b_frames > 0) return false;
    if (frame->pts == AV_NOPTS_VALUE || frame->pts > pts) return false;
    if (frame->pts < pts) continue;
    from_start = false;
    damaged = 0;
    decoded = index;
    waiting = wrap(std::move(frame));
    return whole;
  }
  return false;
}

/// Goes to a picture from the start of the file. False: there is none.
bool VideoReader::State::run_to(int64_t index) {
  open();
  while (decoded <= index) {
    FramePtr frame = decode();
    if (!frame) {
      ended = true;
      waiting.reset();
      return false;
    }
    waiting = wrap(std::move(frame));
  }
  return true;
}

void VideoReader::seek(int64_t pts, int64_t index) {
  State& s = *state_;
  if (index > 0)
    for (const double back : kSeekBack)
      if (s.jump(pts, index, back)) return;
  if (!s.run_to(index) || s.waiting->pts() != pts)
    throw Error(Code::kTruncatedInput,
                fmt::format("{} ends early: no frame {} at {}", s.info.path, index, pts),
                Where{.file = s.info.path, .stream = s.info.video->stream, .frame = s.decoded});
}

}  // namespace vl::media
