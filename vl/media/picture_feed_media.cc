#include "vl/media/picture_feed.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "vl/core/error.h"

namespace vl::media {

namespace {

bool same_stream(const PacketStream& a, const PacketStream& b) {
  const AVCodecParameters &p = *a.parameters, &q = *b.parameters;
  return p.codec_id == q.codec_id && p.width == q.width && p.height == q.height &&
         p.format == q.format && av_cmp_q(a.time_base, b.time_base) == 0 &&
         p.extradata_size == q.extradata_size &&
         (p.extradata_size == 0 ||
          std::memcmp(p.extradata, q.extradata, static_cast<size_t>(p.extradata_size)) == 0);
}

}  // namespace

PictureFeed::PictureFeed(std::vector<std::string> segments, const VideoInfo& pictures)
    : segments_(std::move(segments)) {
  for (const std::string& path : segments_) scan(path);
  if (sorted_.empty()) fail(Code::kBadValue, "no encoded pictures to put into a file");
  const double rate = pictures.fps.value() * av_q2d(stream_->time_base);
  step_ = rate > 0 ? std::max<int64_t>(1, std::llround(1.0 / rate)) : 1;
}

void PictureFeed::scan(const std::string& path) {
  PacketFileReader reader(path);
  const size_t before = sorted_.size();
  std::vector<int64_t> coded;
  while (reader.read(*packet_)) coded.push_back(packet_->pts);
  if (coded.empty()) return;
  const auto refuse = [&path](const char* what) {
    throw Error(Code::kBadValue, fmt::format("the pictures of {} {}", path, what),
                Where{.file = path});
  };
  std::vector<int64_t> sorted = coded;
  std::sort(sorted.begin(), sorted.end());
  if (before > 0 && sorted.front() <= sorted_.back()) refuse("are not after those before them");
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    refuse("have one time twice");
  if (!stream_) {
    stream_.emplace();
    avcodec_parameters_copy(stream_->parameters.get(), reader.stream().parameters.get());
    stream_->time_base = reader.stream().time_base;
  } else if (!same_stream(*stream_, reader.stream())) {
    refuse("are encoded in another way than those before them");
  }
  if (stream_->mastering.empty()) stream_->mastering = reader.stream().mastering;
  if (stream_->light.empty()) stream_->light = reader.stream().light;
  for (size_t i = 0; i < coded.size(); ++i) {
    const auto rank = std::lower_bound(sorted.begin(), sorted.end(), coded[i]) - sorted.begin();
    reorder_ = std::max<int64_t>(reorder_, static_cast<int64_t>(i) - rank);
  }
  sorted_.insert(sorted_.end(), sorted.begin(), sorted.end());
}

double PictureFeed::read() {
  while (!reader_ || !reader_->read(*packet_)) {
    if (segment_ == segments_.size()) return time_ = std::numeric_limits<double>::infinity();
    reader_.emplace(segments_[segment_++]);
  }
  const auto i = static_cast<int64_t>(index_++);
  packet_->dts = i >= reorder_ ? sorted_[static_cast<size_t>(i - reorder_)]
                               : sorted_[0] - (reorder_ - i) * step_;
  return time_ = static_cast<double>(packet_->dts) * av_q2d(stream_->time_base);
}

}  // namespace vl::media
