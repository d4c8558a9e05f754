// The picture half of a dub: redrawing.
#include <ATen/ATen.h>

#include <algorithm>

#include "vl/core/allocator.h"
#include "vl/dub/lip_settings.h"
#include "vl/dub/lip_video.h"
#include "vl/media/paste.h"
#include "vl/stages/draw_mouth.h"

namespace vl::dub {

namespace {

constexpr size_t kReleaseEvery = 48;  // pictures

}  // namespace

/// How much a picture is to be redrawn: not at all where neither the new speech nor the source is
/// to be heard.
float LipVideo::presence(const OutputFrame& frame, const stages::FaceMap::Frame& seen) const {
  if (job_.still) return 1;
  const double tick = job_.info.video->time_base.value(),
               fade = (stages::FacePlacer::kFade + 1) * static_cast<double>(seen.duration) * tick;
  const float spoken = track_.get().speech->levels().presence(frame.seconds, fade);
  const auto& source = times_.get().source;
  if (!source || spoken == 1) return spoken;
  const double at = static_cast<double>(seen.pts - first_pts_) * tick;
  return std::max(spoken, source->presence(at, fade));
}

void LipVideo::draw(std::vector<OutputFrame>& batch, const stages::AnimateLips& lips) {
  struct Face {
    size_t frame;
    stages::Placement place;
    media::Rect region;
  };
  std::vector<Face> faces;
  std::vector<media::Image> crops;
  std::vector<int64_t> starts;
  for (size_t i = 0; i < batch.size(); ++i) {
    const stages::FaceMap::Frame& seen = *map_.at(batch[i].source);
    const float presence = this->presence(batch[i], seen);
    for (stages::Placement place : seen.faces) {
      place.strength *= presence;
      const media::VideoFrame& frame = batch[i].frame;
      const media::Rect region = stages::region_of(place, frame.width(), frame.height());
      if (!(place.strength > 0) || region.width() == 0) continue;
      crops.push_back(stages::face_crop(frame.to_bgr(region), region, place, lips.size()));
      starts.push_back(stages::LipSound::column_at(batch[i].seconds));
      faces.push_back({i, place, region});
    }
  }
  if (faces.empty()) return;
  const std::vector<media::Image> predictions =
      lips.run(crops, track_.get().speech->windows(starts));
  const stages::DrawOptions options = draw_options(job_.lips);
  for (size_t k = 0; k < faces.size(); ++k) {
    media::VideoFrame& frame = batch[faces[k].frame].frame;
    media::Image region = frame.to_bgr(faces[k].region);
    const media::Image mask =
        stages::draw_mouth(region, faces[k].region, faces[k].place, predictions[k], options);
    frame.write_bgr_region(faces[k].region, region, &mask);
  }
  for (size_t k = 0; k < faces.size(); ++k)
    if (k == 0 || faces[k].frame != faces[k - 1].frame) batch[faces[k].frame].redrawn = true;
}

/// The arithmetic of the public code, on pictures as it makes them.
void LipVideo::draw_compat(std::vector<OutputFrame>& batch, const stages::AnimateLips& lips,
                           const std::vector<int64_t>& windows) {
  std::vector<media::Image> pictures, crops;
  std::vector<int64_t> starts;
  std::vector<media::Rect> boxes;
  for (const OutputFrame& f : batch) {
    pictures.push_back(
        stages::compat_picture(f.frame.to_bgr_reference(), compat_picture(job_.lips)));
    const stages::IntBox b = stages::box_of(map_.at(f.source)->faces.front());
    boxes.push_back({static_cast<int>(b[0]), static_cast<int>(b[1]), static_cast<int>(b[2]),
                     static_cast<int>(b[3])});
    crops.push_back(
        media::resize(media::crop(pictures.back(), boxes.back()), lips.size(), lips.size()));
    starts.push_back(windows[static_cast<size_t>(f.frame.pts())]);
  }
  const std::vector<media::Image> predictions =
      lips.run(crops, track_.get().speech->windows(starts));
  for (size_t i = 0; i < batch.size(); ++i) {
    media::paste_box(pictures[i], boxes[i], predictions[i]);
    if (job_.on_compat_frame)
      job_.on_compat_frame(pictures[i], {boxes[i].x1, boxes[i].y1, boxes[i].x2, boxes[i].y2});
    batch[i].frame = media::VideoFrame::from_bgr(pictures[i], pictures_, batch[i].frame.pts(),
                                                 batch[i].frame.duration(), batch[i].source);
    batch[i].redrawn = true;
  }
}

void LipVideo::animate(Run& run) {
  const stages::AnimateLips lips(models_.wav2lip);
  int64_t done = resumed_.get().frames;
  if (const auto* first = map_.at(0)) first_pts_ = first->pts;
  const std::vector<int64_t> windows = compat() ? compat_windows() : std::vector<int64_t>();
  std::vector<OutputFrame> batch;
  size_t since_release = 0;
  const auto flush = [&] {
    if (batch.empty()) return;
    run.check();
    // Stages that run side by side leave holes for each other's sizes: they would add up.
    since_release += batch.size();
    if (since_release >= kReleaseEvery) release_freed_memory(), since_release = 0;
    const ScopedSpan span(env_.trace, "lips", "batch");
    compat() ? draw_compat(batch, lips, windows) : draw(batch, lips);
    for (OutputFrame& f : batch) {
      const double cost = cost_of(f.frame);
      drawn_.push({std::move(f.frame), f.redrawn}, cost);
    }
    batch.clear();
    progress("lips", done, expected_output());
  };
  while (auto frame = decoded_.pop()) {
    batch.push_back(std::move(*frame));
    ++done;
    // Batches end with segments: what a resumed run makes is what an undisturbed one makes.
    if (static_cast<int64_t>(batch.size()) >= job_.lips.wav2lip_batch_size || done % chunk_ == 0)
      flush();
  }
  flush();
  drawn_.close();
}

}  // namespace vl::dub
