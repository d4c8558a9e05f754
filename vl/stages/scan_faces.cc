#include "vl/stages/scan_faces.h"

#include <algorithm>
#include <cmath>

namespace vl::stages {

ScanFaces::ScanFaces(const FaceFinder& finder, const ScanOptions& options, FaceMap& map)
    : finder_(finder), o_(options), map_(map), tracks_(options.every) {}

/// The picture at the size at which faces are looked for.
media::Image ScanFaces::look_at(const media::VideoFrame& frame) {
  const auto [width, height] = look_size(finder_, frame.width(), frame.height(), o_.shrink);
  media::Image out = frame.shrunk(width, height);
  if (choice_) return out;
  o_.choice.width = out.width, o_.choice.height = out.height;
  o_.place.scale_x = static_cast<float>(frame.width()) / static_cast<float>(out.width);
  o_.place.scale_y = static_cast<float>(frame.height()) / static_cast<float>(out.height);
  choice_.emplace(o_.choice);
  placer_.emplace(o_.place);
  return out;
}

std::vector<FoundFace> ScanFaces::find(const media::Image& small) {
  ++counts_.detector_calls;
  media::Rect part{0, 0, small.width, small.height};
  if (o_.search) {
    const auto scaled_to = [](int v, float scale, int most) {
      return std::clamp(static_cast<int>(std::lround(static_cast<float>(v) / scale)), 0, most);
    };
    part = {scaled_to(o_.search->x1, o_.place.scale_x, small.width),
            scaled_to(o_.search->y1, o_.place.scale_y, small.height),
            scaled_to(o_.search->x2, o_.place.scale_x, small.width),
            scaled_to(o_.search->y2, o_.place.scale_y, small.height)};
    if (part.width() < 1 || part.height() < 1) return {};
  }
  const bool whole = part.width() == small.width && part.height() == small.height;
  std::vector<FoundFace> out = finder_.find_one(whole ? small : media::crop(small, part));
  for (FoundFace& f : out) {
    const auto x = static_cast<float>(part.x1), y = static_cast<float>(part.y1);
    f.box = {f.box[0] + x, f.box[1] + y, f.box[2] + x, f.box[3] + y};
    if (f.points)
      for (Point& p : *f.points) p = {p[0] + x, p[1] + y};
  }
  if (!out.empty() && out.front().score > best_score_) {
    best_score_ = out.front().score;
    best_frame_ = frames_;
    if (counts_.with_face == 0) best_picture_ = small;
  }
  if (best_picture_.data.empty() && frames_ == 0) best_picture_ = small;
  out.erase(std::remove_if(out.begin(), out.end(),
                           [&](const FoundFace& f) { return f.score < o_.min_score; }),
            out.end());
  return out;
}

void ScanFaces::push(const media::VideoFrame& frame) {
  const media::Image small = look_at(frame);
  const media::Image luma = green_channel(small);
  const bool cut = cuts_.push(luma);
  std::optional<Pyramid> now;
  if (o_.every > 1) now.emplace(luma);
  const auto move = [&](const FoundFace& face) -> std::optional<FoundFace> {
    if (!last_ || !now) return std::nullopt;
    return track_face(*last_, *now, face);
  };
  if (listed_) recent_.push_back(small);
  if (cut) ++counts_.cuts;
  if (cut || frames_ % o_.every == 0)
    tracks_.look(find(small), luma, cut, move);
  else
    tracks_.follow(luma, move);
  last_ = std::move(now);
  times_.push_back({frame.pts(), frame.duration() > 0 ? frame.duration() : o_.duration});
  ++frames_;
  drain();
}

void ScanFaces::list(const SeenFrame& frame) {
  for (const Sighting& s : frame.faces) {
    auto [it, fresh] = listed_->try_emplace(s.track);
    TrackSummary& t = it->second;
    if (fresh) t.track = s.track, t.first = seen_;
    t.last = seen_;
    if (s.face.score > t.best.score) {
      t.best = scaled(s.face, o_.place.scale_x, o_.place.scale_y);
      t.best_frame = seen_;
      t.preview = recent_.front();
    }
    t.mouth.push_back(s.mouth);
    t.speech.push_back(o_.choice.speech ? o_.choice.speech(seen_) : 0.0F);
  }
  recent_.pop_front();
}

void ScanFaces::drain() {
  while (auto seen = tracks_.pop()) {
    if (!seen->faces.empty()) ++counts_.with_face;
    if (listed_) list(*seen);
    ++seen_;
    choice_->push(std::move(*seen));
  }
  while (auto chosen = choice_->pop()) placer_->push(*chosen);
  while (auto placed = placer_->pop()) {
    map_.push({.pts = times_.front().pts,
               .duration = times_.front().duration,
               .faces = std::move(placed->faces)});
    times_.pop_front();
  }
}

void ScanFaces::end() {
  if (choice_) {
    tracks_.finish();
    drain();
    choice_->finish();
    drain();
    placer_->finish();
    drain();
  }
  counts_.tracks = tracks_.count();
}

}  // namespace vl::stages
