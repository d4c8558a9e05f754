#include <algorithm>

#include "vl/core/error.h"
#include "vl/media/video_reader.h"

namespace vl::media {

namespace {

constexpr size_t kMostHeld = 32;

}  // namespace

ReverseReader::ReverseReader(const std::string& path, const ReadOptions& options,
                             std::vector<int64_t> pts)
    : path_(path), pts_(std::move(pts)), reader_(path, options), left_(pts_.size()) {}

/// Decodes the last pictures before those that were given.
void ReverseReader::fill() {
  const size_t count = std::min(left_, kMostHeld), first = left_ - count;
  reader_.seek(pts_[first], static_cast<int64_t>(first));
  // Damaged files may lose other pictures on a short way than on the whole one.
  if (!take(first)) {
    reader_ = VideoReader(path_, options_);
    for (size_t i = 0; i < first; ++i) reader_.next();
    if (!take(first))
      throw Error(Code::kTruncatedInput,
                  fmt::format("frames {} to {} of {} are not where they were", first, left_, path_),
                  Where{.file = path_, .frame = static_cast<long>(first)});
  }
  left_ = first;
}

/// The reader's next pictures, up to left_. False: they are others.
bool ReverseReader::take(size_t first) {
  held_.clear();
  for (size_t i = first; i < left_; ++i) {
    auto frame = reader_.next();
    if (!frame || frame->pts() != pts_[i]) return false;
    held_.push_back(std::move(*frame));
  }
  return true;
}

std::optional<VideoFrame> ReverseReader::next() {
  if (held_.empty() && left_ > 0) fill();
  if (held_.empty()) return std::nullopt;
  VideoFrame last = std::move(held_.back());
  held_.pop_back();
  return last;
}

}  // namespace vl::media
