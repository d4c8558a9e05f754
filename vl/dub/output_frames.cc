#include "vl/dub/output_frames.h"

#include <algorithm>
#include <limits>

#include "vl/core/error.h"

namespace vl::dub {

OutputFrames::OutputFrames(const FrameOptions& options, const media::Ratio& time_base,
                           stages::FaceMap& map)
    : o_(options), map_(map), tick_s_(time_base.value()) {}

/// A picture behind the first run over the `count` of the source.
OutputFrames::Step OutputFrames::later(int64_t count) const {
  Step out{.pts = next_pts_, .own_time = true};
  switch (o_.extend) {
    case Extend::kFreeze:
      out.source = count - 1;
      break;
    case Extend::kLoop:
      out.source = index_ % count;
      break;
    case Extend::kPingpong: {
      const int64_t period = std::max<int64_t>(1, 2 * count - 2), k = index_ % period;
      out.backward = k >= count;
      out.source = out.backward ? period - k : k;
      break;
    }
  }
  return out;
}

std::optional<OutputFrames::Step> OutputFrames::step() {
  if (o_.ticks != 0) {
    if (index_ >= o_.ticks) return std::nullopt;
    const int64_t source = o_.still                     ? 0
                           : map_.at(index_) != nullptr ? index_
                                                        : index_ % map_.count();
    return Step{.source = source,
                .pts = index_,
                .duration = 1,
                .seconds = static_cast<double>(index_) / o_.fps,
                .own_time = true};
  }
  const stages::FaceMap::Frame* seen = map_.at(index_);
  Step out;
  if (seen != nullptr) {
    if (index_ == 0) first_pts_ = seen->pts;
    out = {.source = index_, .pts = seen->pts, .duration = seen->duration};
  } else {
    const int64_t count = map_.count();
    if (count == 0 || o_.seconds == std::numeric_limits<double>::infinity()) return std::nullopt;
    out = later(count);
    out.duration = map_.at(out.source)->duration;
  }
  out.seconds = static_cast<double>(out.pts - first_pts_) * tick_s_;
  // A picture that would be seen for less than half of its time is none.
  const double half = static_cast<double>(out.duration) * tick_s_ / 2;
  if (index_ > 0 && out.seconds + half >= o_.seconds) return std::nullopt;
  next_pts_ = out.pts + out.duration;
  return out;
}

void OutputFrames::skip_to(int64_t index) {
  while (index_ < index && step()) ++index_;
}

/// A reader that stands in front of the picture.
void OutputFrames::open(const Step& s) {
  forward_.reset();
  backward_.reset();
  if (!s.backward) {
    forward_ = std::make_unique<media::VideoReader>(o_.path, o_.read);
    if (s.source > 0) forward_->seek(map_.at(s.source)->pts, s.source);
    return;
  }
  std::vector<int64_t> pts;
  for (int64_t i = 0; i <= s.source; ++i) pts.push_back(map_.at(i)->pts);
  backward_ = std::make_unique<media::ReverseReader>(o_.path, o_.read, std::move(pts));
}

media::VideoFrame OutputFrames::read(const Step& s) {
  if (s.source == last_source_) return last_;
  const bool goes_on = s.backward ? backward_ && s.source == last_source_ - 1
                                  : forward_ && s.source == last_source_ + 1;
  if (!goes_on) open(s);
  std::optional<media::VideoFrame> frame = s.backward ? backward_->next() : forward_->next();
  if (!frame)
    throw Error(Code::kTruncatedInput,
                fmt::format("{} ends early: picture {} does not decode again", o_.path, s.source),
                Where{.file = o_.path, .frame = s.source});
  last_ = *frame;
  last_source_ = s.source;
  return last_;
}

std::optional<OutputFrame> OutputFrames::next() {
  const std::optional<Step> s = step();
  if (!s) return std::nullopt;
  ++index_;
  const media::VideoFrame frame = read(*s);
  return OutputFrame{.frame = s->own_time ? frame.with_time(s->pts, s->duration) : frame,
                     .source = s->source,
                     .seconds = s->seconds};
}

}  // namespace vl::dub
