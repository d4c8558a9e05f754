#include "vl/media/muxer.h"

#include <algorithm>
#include <cstring>

#include "vl/core/error.h"

namespace vl::media {

const char* container_of(const std::string& path) {
  static const std::map<std::string, const char*> kKnown = {
      {".mp4", "mp4"}, {".m4v", "mp4"}, {".mov", "mov"}, {".mkv", "matroska"}, {".webm", "webm"}};
  const size_t dot = path.rfind('.');
  std::string ext = dot == std::string::npos ? "" : path.substr(dot);
  std::transform(ext.begin(), ext.end(), ext.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto it = kKnown.find(ext);
  if (it == kKnown.end())
    throw Error(Code::kBadValue,
                fmt::format("the name {} does not end in .mp4, .mov, .mkv or .webm", path),
                Where{.file = path});
  return it->second;
}

Muxer::Muxer(const std::string& path, const char* format, bool overwrite)
    : path_(path), file_(path, overwrite) {
  av_log_set_level(AV_LOG_QUIET);
  AVFormatContext* raw = nullptr;
  check(
      avformat_alloc_output_context2(&raw, nullptr, format, ("file:" + file_.part_path()).c_str()),
      "container");
  output_.reset(raw);
  // Random identifiers (Ogg, Matroska) would make every run another file.
  output_->flags |= AVFMT_FLAG_BITEXACT;
  // Opus begins before time 0 in Matroska; pictures and all else would be moved for it.
  if (matroska()) output_->avoid_negative_ts = 0;
  output_->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;  // FLAC in MP4, long specified
}

bool Muxer::edit_lists() const {
  const std::string name = output_->oformat->name;
  return name == "mp4" || name == "mov" || name == "ipod";
}

bool Muxer::matroska() const {
  const std::string name = output_->oformat->name;
  return name == "matroska" || name == "webm";
}

void Muxer::check(int result, const char* what) const {
  const int error = result < 0                          ? result
                    : output_ && output_->pb != nullptr ? output_->pb->error
                                                        : 0;
  if (error >= 0) return;
  const uint64_t written = output_ && output_->pb != nullptr
                               ? static_cast<uint64_t>(std::max<int64_t>(0, avio_tell(output_->pb)))
                               : 0;
  if (error == AVERROR(ENOSPC) || error == AVERROR(EDQUOT))
    throw Error(Code::kDiskFull, fmt::format("disk full at {} MiB", written >> 20),
                Where{.file = path_}, {"free some space, or choose another folder with --out"});
  throw Error(Code::kNotWritable,
              fmt::format("cannot write {}: {} ({})", path_, av_text(error), what),
              Where{.file = path_});
}

void Muxer::copy_tags(const AVFormatContext& input) {
  av_dict_copy(&output_->metadata, input.metadata, 0);
  for (const char* key : {"encoder", "major_brand", "minor_version", "compatible_brands"})
    av_dict_set(&output_->metadata, key, nullptr, 0);
}

void Muxer::start(const std::map<std::string, std::string>& options) {
  AVDictionary* dictionary = nullptr;
  if (edit_lists()) av_dict_set(&dictionary, "movflags", "+faststart", 0);
  for (const auto& [key, value] : options) av_dict_set(&dictionary, key.c_str(), value.c_str(), 0);
  int result = avio_open(&output_->pb, ("file:" + file_.part_path()).c_str(), AVIO_FLAG_WRITE);
  if (result >= 0) result = avformat_write_header(output_.get(), &dictionary);
  av_dict_free(&dictionary);
  check(result, "header");
}

void Muxer::write(AVPacket& packet, const AVStream& stream, AVRational base) {
  packet.stream_index = stream.index;
  av_packet_rescale_ts(&packet, base, stream.time_base);
  check(av_interleaved_write_frame(output_.get(), &packet), "write");
}

void Muxer::close() {
  check(av_write_trailer(output_.get()), "trailer");
  check(avio_closep(&output_->pb), "close");
  file_.commit();
}

}  // namespace vl::media
