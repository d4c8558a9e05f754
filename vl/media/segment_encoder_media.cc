#include "vl/media/segment_encoder.h"

#include "vl/core/allocator.h"
#include "vl/core/error.h"
#include "vl/media/muxer.h"
#include "vl/media/packet_file.h"
#include "vl/media/picture_encoder.h"

namespace vl::media {

namespace {

const AVOutputFormat& output_format(const std::string& name) {
  return *av_guess_format(container_of(name), nullptr, nullptr);
}

std::string side_data(const AVFrame& frame, AVFrameSideDataType type) {
  const AVFrameSideData* data = av_frame_get_side_data(&frame, type);
  return data == nullptr ? std::string()
                         : std::string(reinterpret_cast<const char*>(data->data), data->size);
}

}  // namespace

EncoderChoice choose_encoder(const std::string& out_name, const VideoInfo& pictures,
                             const std::string& source_codec, const EncoderOptions& options) {
  const PictureEncoder encoder(output_format(out_name), pictures, source_codec, options);
  const AVCodecContext& c = encoder.context();
  EncoderChoice e = encoder.choice();
  const VideoInfo& v = pictures;
  e.summary = fmt::format(
      "{} {} {}x{} crf {} gop {} threads {} {} {} {} {} {} sar {}/{} fps {}/{} base {}/{} lavc {}",
      e.encoder, e.pix_fmt, e.width, e.height, options.crf, c.gop_size, options.threads, v.range,
      v.primaries, v.transfer, v.matrix, v.chroma_location, v.sar.num, v.sar.den, v.fps.num,
      v.fps.den, v.time_base.num, v.time_base.den, avcodec_version());
  return e;
}

struct SegmentEncoder::State {
  State(const std::string& path, const std::string& out_name, const VideoInfo& pictures,
        const std::string& source_codec, const EncoderOptions& options)
      : encoder(output_format(out_name), pictures, source_codec, options), file(path) {}

  PictureEncoder encoder;
  PacketFileWriter file;
  bool begun = false;
  int64_t last_pts = 0;

  void begin(const AVFrame* first);
};

/// @param first null: a run without pictures
void SegmentEncoder::State::begin(const AVFrame* first) {
  PacketStream stream;
  avcodec_parameters_from_context(stream.parameters.get(), &encoder.context());
  stream.time_base = encoder.context().time_base;
  if (first != nullptr) {
    stream.mastering = side_data(*first, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
    stream.light = side_data(*first, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
  }
  file.write_header(stream);
  begun = true;
}

SegmentEncoder::SegmentEncoder(const std::string& path, const std::string& out_name,
                               const VideoInfo& pictures, const std::string& source_codec,
                               const EncoderOptions& options)
    : state_(std::make_unique<State>(path, out_name, pictures, source_codec, options)) {}

SegmentEncoder::~SegmentEncoder() = default;
SegmentEncoder::SegmentEncoder(SegmentEncoder&&) noexcept = default;
SegmentEncoder& SegmentEncoder::operator=(SegmentEncoder&&) noexcept = default;

const EncoderChoice& SegmentEncoder::choice() const { return state_->encoder.choice(); }

void SegmentEncoder::write(const VideoFrame& frame) {
  State& s = *state_;
  if (s.begun && frame.pts() <= s.last_pts)
    fail(Code::kBadValue, "a picture at {} after one at {}", frame.pts(), s.last_pts);
  if (!s.begun) s.begin(frame.native());
  s.last_pts = frame.pts();
  s.encoder.write(frame, [&s](const AVPacket& packet) { s.file.write(packet); });
}

void SegmentEncoder::close() {
  State& s = *state_;
  if (!s.begun) s.begin(nullptr);
  s.encoder.finish([&s](const AVPacket& packet) { s.file.write(packet); });
  s.file.close();
  release_freed_memory();  // an encoder a segment: their left-overs would add up
}

}  // namespace vl::media
