#include "vl/stages/face_tracks.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "vl/stages/face_boxes.h"

namespace vl::stages {

namespace {

constexpr float kSamePlace = 0.3F;
constexpr size_t kRemembered = 64;

/// a + (b - a) * t, and for the landmarks the same.
FoundFace between(const FoundFace& a, const FoundFace& b, float t) {
  FoundFace out = a;
  for (size_t k = 0; k < 4; ++k) out.box[k] += (b.box[k] - a.box[k]) * t;
  out.score = std::min(a.score, b.score);
  if (!a.points || !b.points) return out;
  for (size_t k = 0; k < out.points->size(); ++k)
    for (size_t d = 0; d < 2; ++d)
      (*out.points)[k][d] += ((*b.points)[k][d] - (*a.points)[k][d]) * t;
  return out;
}

/// `face` + (to - from) * t
FoundFace corrected(const FoundFace& face, const FoundFace& from, const FoundFace& to, float t) {
  FoundFace out = face;
  for (size_t k = 0; k < 4; ++k) out.box[k] += (to.box[k] - from.box[k]) * t;
  if (!face.points || !from.points || !to.points) return out;
  for (size_t k = 0; k < out.points->size(); ++k)
    for (size_t d = 0; d < 2; ++d)
      (*out.points)[k][d] += ((*to.points)[k][d] - (*from.points)[k][d]) * t;
  return out;
}

uint8_t nearest(const media::Image& luma, float x, float y) {
  const int px = std::clamp(static_cast<int>(std::lround(x)), 0, luma.width - 1),
            py = std::clamp(static_cast<int>(std::lround(y)), 0, luma.height - 1);
  return luma.row(py)[px];
}

}  // namespace

MouthPatch mouth_patch(const media::Image& luma, const FoundFace& face) {
  // Rows 0.25..0.5 of the box are eyes and nose, 0.65..0.95 the mouth.
  MouthPatch out;
  size_t i = 0;
  const auto part = [&](float top, float bottom, int rows) {
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < MouthPatch::kColumns; ++x) {
        const float u = 0.25F + 0.5F * (static_cast<float>(x) + 0.5F) / MouthPatch::kColumns,
                    v = top +
                        (bottom - top) * (static_cast<float>(y) + 0.5F) / static_cast<float>(rows);
        out.grey[i++] =
            nearest(luma, face.box[0] + u * face.width(), face.box[1] + v * face.height());
      }
  };
  part(0.65F, 0.95F, MouthPatch::kMouthRows);
  part(0.25F, 0.5F, MouthPatch::kUpperRows);
  return out;
}

float mouth_movement(const MouthPatch& before, const MouthPatch& after) {
  const auto change = [&](size_t begin, size_t end) {
    int sum = 0;
    for (size_t i = begin; i < end; ++i) sum += std::abs(int{after.grey[i]} - int{before.grey[i]});
    return static_cast<float>(sum) / static_cast<float>(end - begin);
  };
  constexpr size_t kMouth = size_t{MouthPatch::kColumns} * MouthPatch::kMouthRows;
  return std::max(0.0F, change(0, kMouth) - change(kMouth, after.grey.size()));
}

void FaceTracks::add(int64_t frame, const Track& track, const FoundFace& face, float mouth) {
  frames_[static_cast<size_t>(frame - first_)].faces.push_back({track.number, face, mouth});
}

float FaceTracks::movement(Track& track, const media::Image& luma, const FoundFace& face) {
  const int64_t frame = count_ - 1;
  const MouthPatch patch = mouth_patch(luma, face);
  const float out = track.patch_frame == frame - 1 ? mouth_movement(track.patch, patch) : 0.0F;
  track.patch = patch;
  track.patch_frame = frame;
  return out;
}

/// The track at whose place the face is; those of `taken` have a better one.
FaceTracks::Track* FaceTracks::match(const FoundFace& face,
                                     const std::vector<const Track*>& taken) {
  Track* best = nullptr;
  float best_iou = kSamePlace;
  for (Track& t : tracks_) {
    if (std::find(taken.begin(), taken.end(), &t) != taken.end()) continue;
    if (const float v = overlap(t.now().box, face.box); v >= best_iou) best = &t, best_iou = v;
  }
  return best;
}

/// Frames between the last find of the track and the present one.
void FaceTracks::fill_gap(const Track& track, const FoundFace& face) {
  const int64_t frame = count_ - 1, gap = frame - track.last - 1;
  if (gap <= 0) return;
  const auto share = [&](int64_t i) {
    return static_cast<float>(i + 1) / static_cast<float>(gap + 1);
  };
  if (static_cast<int64_t>(track.path.size()) == gap + 1) {
    // The path was followed up to the present frame; what it is off there is spread over it.
    const FoundFace& arrived = track.path.back().face;
    for (int64_t i = 0; i < gap; ++i) {
      const Step& step = track.path[static_cast<size_t>(i)];
      add(track.last + 1 + i, track, corrected(step.face, arrived, face, share(i)), step.mouth);
    }
  } else if (gap <= kBridged) {
    for (int64_t i = 0; i < gap; ++i)
      add(track.last + 1 + i, track, between(track.found, face, share(i)), 0.0F);
  }
}

void FaceTracks::look(const std::vector<FoundFace>& finds, const media::Image& luma, bool cut,
                      const Move& move) {
  if (cut) end_shot();
  forget_lost();
  frames_.push_back({cut, {}});
  const int64_t frame = count_++;
  for (Track& t : tracks_)
    if (!t.path.empty()) t.path.push_back({move(t.now()).value_or(t.now()), 0.0F});
  std::vector<const Track*> taken;
  tracks_.reserve(tracks_.size() + finds.size());  // `taken` points into it
  for (const FoundFace& face : finds) {
    Track* track = match(face, taken);
    if (track == nullptr) {
      tracks_.push_back({.number = next_track_++});
      track = &tracks_.back();
    } else {
      fill_gap(*track, face);
    }
    add(frame, *track, face, movement(*track, luma, face));
    track->last = frame;
    track->found = face;
    track->path.clear();
    track->missed = 0;
    taken.push_back(track);
  }
  for (Track& t : tracks_)
    if (t.last != frame) {
      // Where it left is where it is looked for.
      ++t.missed;
      t.path.clear();
    }
  final_ = std::max(final_, count_ - delay_);
}

void FaceTracks::follow(const media::Image& luma, const Move& move) {
  frames_.push_back({});
  ++count_;
  for (Track& t : tracks_) {
    if (t.missed > 0) continue;
    const FoundFace face = move(t.now()).value_or(t.now());
    const float mouth = movement(t, luma, face);
    t.path.push_back({face, mouth});
  }
  final_ = std::max(final_, count_ - delay_);
}

/// Of the faces that left, the latest are remembered.
void FaceTracks::forget_lost() {
  if (tracks_.size() <= kRemembered) return;
  std::sort(tracks_.begin(), tracks_.end(),
            [](const Track& a, const Track& b) { return a.last > b.last; });
  tracks_.resize(kRemembered);
}

/// Frames behind the last look of a shot keep what was followed.
void FaceTracks::end_shot() {
  for (const Track& t : tracks_)
    if (t.missed == 0)
      for (size_t i = 0; i < t.path.size(); ++i)
        add(t.last + 1 + static_cast<int64_t>(i), t, t.path[i].face, t.path[i].mouth);
  tracks_.clear();
  final_ = count_;
}

void FaceTracks::finish() { end_shot(); }

std::optional<SeenFrame> FaceTracks::pop() {
  if (first_ >= final_) return std::nullopt;
  SeenFrame out = std::move(frames_.front());
  frames_.pop_front();
  ++first_;
  return out;
}

}  // namespace vl::stages
