#include "vl/media/packet_file.h"

#include <array>
#include <cstring>
#include <filesystem>

#include "vl/core/error.h"

namespace vl::media {

namespace {

constexpr std::string_view kMagic = "VLPKT001";
constexpr char kPacket = 'P', kEnd = 'E';

void put_number(std::string& out, int64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, static_cast<int64_t>(text.size()), 4);
  out += text;
}

std::string_view name_or_empty(const char* name) { return name != nullptr ? name : ""; }

/// The numbers of a header, in their order; their meaning is fixed by the standards that FFmpeg
/// takes them from (H.273 for the colours).
std::array<int64_t, 15> numbers_of(const PacketStream& s) {
  const AVCodecParameters& p = *s.parameters;
  return {p.width,
          p.height,
          p.profile,
          p.level,
          p.video_delay,
          p.field_order,
          p.color_range,
          p.color_primaries,
          p.color_trc,
          p.color_space,
          p.chroma_location,
          p.sample_aspect_ratio.num,
          p.sample_aspect_ratio.den,
          s.time_base.num,
          s.time_base.den};
}

void set_numbers(const std::array<int64_t, 15>& n, PacketStream& s) {
  AVCodecParameters& p = *s.parameters;
  const auto value = [&n](size_t i) { return static_cast<int>(n[i]); };
  p.width = value(0);
  p.height = value(1);
  p.profile = value(2);
  p.level = value(3);
  p.video_delay = value(4);
  p.field_order = static_cast<AVFieldOrder>(value(5));
  p.color_range = static_cast<AVColorRange>(value(6));
  p.color_primaries = static_cast<AVColorPrimaries>(value(7));
  p.color_trc = static_cast<AVColorTransferCharacteristic>(value(8));
  p.color_space = static_cast<AVColorSpace>(value(9));
  p.chroma_location = static_cast<AVChromaLocation>(value(10));
  p.sample_aspect_ratio = {value(11), value(12)};
  s.time_base = {value(13), value(14)};
}

}  // namespace

PacketFileWriter::PacketFileWriter(const std::string& path) : file_(path, true) {}

void PacketFileWriter::put(std::string_view bytes) {
  sum_.update(bytes);
  file_.write(bytes);
}

void PacketFileWriter::write_header(const PacketStream& s) {
  const AVCodecParameters& p = *s.parameters;
  std::string out(kMagic);
  put_text(out, avcodec_get_name(p.codec_id));
  put_text(out, name_or_empty(av_get_pix_fmt_name(static_cast<AVPixelFormat>(p.format))));
  for (const int64_t n : numbers_of(s)) put_number(out, n, 8);
  put_text(out,
           {reinterpret_cast<const char*>(p.extradata), static_cast<size_t>(p.extradata_size)});
  put_text(out, s.mastering);
  put_text(out, s.light);
  put(out);
}

void PacketFileWriter::write(const AVPacket& packet) {
  std::string out(1, kPacket);
  for (const int64_t n : {packet.pts, packet.dts, packet.duration}) put_number(out, n, 8);
  put_number(out, packet.flags, 4);
  put_text(out, {reinterpret_cast<const char*>(packet.data), static_cast<size_t>(packet.size)});
  put(out);
  ++packets_;
}

void PacketFileWriter::close() {
  std::string out(1, kEnd);
  put_number(out, static_cast<int64_t>(packets_), 8);
  put(out);
  const auto digest = sum_.digest();
  file_.write({reinterpret_cast<const char*>(digest.data()), digest.size()});
  file_.commit();
}

PacketFileReader::PacketFileReader(const std::string& path)
    : path_(path), file_(path, std::ios::binary) {
  std::error_code error;
  left_ = std::filesystem::file_size(path, error);
  if (!file_ || error) throw Error(Code::kNotFound, "cannot read " + path, Where{.file = path});
  read_header();
}

void PacketFileReader::damaged() const {
  throw Error(Code::kTruncatedInput, path_ + " is no whole file of encoded pictures",
              Where{.file = path_}, {"delete it and run again"});
}

std::string PacketFileReader::take(uint64_t size) {
  if (size > left_) damaged();
  std::string out(static_cast<size_t>(size), '\0');
  if (!file_.read(out.data(), static_cast<std::streamsize>(size))) damaged();
  left_ -= size;
  sum_.update(out);
  return out;
}

int64_t PacketFileReader::number(int bytes) {
  const std::string raw = take(static_cast<uint64_t>(bytes));
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i)
    value |= static_cast<uint64_t>(static_cast<uint8_t>(raw[static_cast<size_t>(i)])) << (8 * i);
  return static_cast<int64_t>(value);
}

std::string PacketFileReader::text() { return take(static_cast<uint64_t>(number(4))); }

void PacketFileReader::read_header() {
  if (take(kMagic.size()) != kMagic) damaged();
  AVCodecParameters& p = *stream_.parameters;
  const AVCodecDescriptor* codec = avcodec_descriptor_get_by_name(text().c_str());
  if (codec == nullptr || codec->type != AVMEDIA_TYPE_VIDEO) damaged();
  p.codec_type = AVMEDIA_TYPE_VIDEO;
  p.codec_id = codec->id;
  p.format = av_get_pix_fmt(text().c_str());
  std::array<int64_t, 15> numbers{};
  for (int64_t& n : numbers) n = number(8);
  set_numbers(numbers, stream_);
  const std::string extra = text();
  if (!extra.empty()) {
    p.extradata = static_cast<uint8_t*>(av_mallocz(extra.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (p.extradata == nullptr) fail(Code::kHostMemory, "no memory for the header of pictures");
    p.extradata_size = static_cast<int>(extra.size());
    std::memcpy(p.extradata, extra.data(), extra.size());
  }
  stream_.mastering = text();
  stream_.light = text();
}

bool PacketFileReader::read(AVPacket& packet) {
  if (ended_) return false;
  const std::string kind = take(1);
  if (kind[0] == kEnd) {
    if (static_cast<uint64_t>(number(8)) != packets_) damaged();
    const auto digest = sum_.digest();
    if (left_ != digest.size() ||
        std::memcmp(take(left_).data(), digest.data(), digest.size()) != 0)
      damaged();
    ended_ = true;
    return false;
  }
  if (kind[0] != kPacket) damaged();
  const int64_t pts = number(8), dts = number(8), duration = number(8), flags = number(4);
  const std::string data = text();
  av_packet_unref(&packet);
  if (av_new_packet(&packet, static_cast<int>(data.size())) < 0)
    fail(Code::kHostMemory, "no memory for a packet of {} bytes", data.size());
  std::memcpy(packet.data, data.data(), data.size());
  packet.pts = pts;
  packet.dts = dts;
  packet.duration = duration;
  packet.flags = static_cast<int>(flags);
  ++packets_;
  return true;
}

}  // namespace vl::media
