// The picture half of the dub: decode, faces, lips, encode.
#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/dub/dub_graph.h"
#include "vl/media/audio.h"
#include "vl/media/paste.h"
#include "vl/media/video_writer.h"

namespace vl::dub {

namespace {

constexpr double kChunkSeconds = 0.5;      ///< sound is sent this far ahead of the pictures
constexpr size_t kMostSamples = 1U << 19;  ///< of sound between two looks at a cancel

}  // namespace

void DubGraph::decode_pictures(Run& run) {
  media::VideoReader reader(config_.dub.input, {.threads = env_.threads});
  auto& out = decoded_;
  while (auto frame = reader.next()) {
    run.check();
    out.push(std::move(*frame));
  }
  if (reader.damaged() > 0)
    warnings_.add({"W0108", fmt::format("{} damaged frames were passed over", reader.damaged())});
  out.close();
}

void DubGraph::find_faces(Run& run) {
  const LipsOptions& o = config_.lips;
  stages::FinderOptions options{.min_score = o.min_face_score,
                                .by_score = o.face_select == "score",
                                .pads = {o.pads[0], o.pads[1], o.pads[2], o.pads[3]}};
  const stages::FindFaces finder(plan_.face, options);
  const bool fixed = o.box[0] >= 0;
  stages::FaceTracker tracker(!o.nosmooth && !fixed);
  std::deque<media::VideoFrame> waiting;
  FaceCounts& counts = record_.faces;
  float best = 0.0F;
  int64_t best_frame = 0;
  const auto drain = [&] {
    while (auto box = tracker.pop()) {
      faced_.push({std::move(waiting.front()), *box});
      waiting.pop_front();
    }
  };
  while (auto frame = decoded_.pop()) {
    run.check();
    stages::FaceSighting sighting{stages::FaceSighting::State::kUnknown, {}};
    if (fixed) {
      sighting = {stages::FaceSighting::State::kFace, {o.box[2], o.box[0], o.box[3], o.box[1]}};
      if (!stages::usable(sighting.box, frame->width(), frame->height()))
        throw Error(Code::kBoxOutside, "box leaves the picture", Where{.file = config_.dub.input},
                    {fmt::format("the picture is {} x {}", frame->width(), frame->height())});
    } else if (counts.frames % o.detect_every == 0) {
      float score = 0.0F;
      const ScopedSpan span(env_.trace, "face", "detect");
      sighting = finder.look(frame->to_bgr(), &score);
      ++counts.detector_calls;
      if (score > best) best = score, best_frame = frame->index();
    }
    if (sighting.state == stages::FaceSighting::State::kFace) ++counts.with_face;
    ++counts.frames;
    waiting.push_back(std::move(*frame));
    tracker.push(sighting);
    progress("face", counts.frames, expected_frames_, "frames");
    drain();
  }
  check_faces(counts.frames, best, best_frame);
  tracker.finish();
  drain();
  counts.tracks = counts.with_face > 0 ? 1 : 0;
  faced_.close();
}

void DubGraph::check_faces(int64_t frames, float best_score, int64_t best_frame) const {
  const FaceCounts& counts = record_.faces;
  if (counts.with_face == 0 && config_.lips.on_no_face == "fail")
    throw Error(
        Code::kNoFace, fmt::format("no face found in any of the {} frames", frames),
        Where{.file = config_.dub.input,
              .stream = plan_.info.video->stream,
              .frame = best_frame,
              .detail = fmt::format("best score {:.2f} at frame {}", best_score, best_frame)},
        {"try --box T,B,L,R, --min-face-score or --on-no-face audio-only"});
  if (counts.detector_calls > 0 && counts.with_face * 2 < counts.detector_calls)
    warnings_.add(
        {"W0102", fmt::format("{} of {} frames have no face",
                              counts.detector_calls - counts.with_face, counts.detector_calls)});
}

void DubGraph::draw(std::vector<FacedFrame>& batch, const stages::AnimateLips& lips) {
  std::vector<media::Image> pictures;
  std::vector<stages::LipJob> jobs;
  std::vector<size_t> owners;
  pictures.reserve(batch.size());
  const double start = plan_.info.video->start_s;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i].box) continue;
    pictures.push_back(batch[i].frame.to_bgr());
    jobs.push_back({&pictures.back(), *batch[i].box, batch[i].frame.time_s() - start});
    owners.push_back(i);
  }
  const std::vector<media::Image> predictions = lips.run(jobs);
  const bool whole = config_.lips.paste == "box";
  const int feather = config_.lips.feather == "auto" ? -1 : std::stoi(config_.lips.feather);
  for (size_t k = 0; k < owners.size(); ++k) {
    const stages::IntBox& b = jobs[k].box;
    const media::Rect box{static_cast<int>(b[0]), static_cast<int>(b[1]), static_cast<int>(b[2]),
                          static_cast<int>(b[3])};
    media::Rect changed = box;
    if (whole)
      media::paste_box(pictures[k], box, predictions[k]);
    else
      changed = media::paste_mouth(pictures[k], box, predictions[k], feather);
    batch[owners[k]].frame.write_bgr_region(changed, media::crop(pictures[k], changed));
  }
  record_.faces.redrawn += static_cast<int64_t>(owners.size());
  record_.faces.passed_through += static_cast<int64_t>(batch.size() - owners.size());
}

void DubGraph::animate(Run& run) {
  const stages::AnimateLips lips(plan_.wav2lip, sound_.get().mel);
  const auto size = static_cast<size_t>(config_.lips.wav2lip_batch_size);
  std::vector<FacedFrame> batch;
  int64_t done = 0;
  const auto flush = [&] {
    run.check();
    const ScopedSpan span(env_.trace, "lips", "batch");
    draw(batch, lips);
    for (FacedFrame& f : batch) drawn_.push(std::move(f.frame));
    done += static_cast<int64_t>(batch.size());
    batch.clear();
    progress("lips", done, expected_frames_, "frames");
  };
  while (auto frame = faced_.pop()) {
    batch.push_back(std::move(*frame));
    if (batch.size() >= size) flush();
  }
  flush();
  drawn_.close();
}

void DubGraph::encode(Run& run) {
  const media::Pcm& track = sound_.get().track;
  media::VideoWriter writer(config_.dub.out, plan_.info,
                            {.video_codec = config_.encode.video_codec,
                             .crf = static_cast<int>(config_.encode.crf),
                             .overwrite = env_.overwrite,
                             .threads = env_.threads});
  const media::Pcm sound = media::resample(track, writer.audio_rate());
  size_t sent = 0;
  const auto send_until = [&](double seconds) {
    const auto end =
        std::min(sound.samples.size(),
                 static_cast<size_t>(std::max(0.0, seconds) * static_cast<double>(sound.rate)));
    while (sent < end) {
      run.check();
      const size_t next = std::min(end, sent + kMostSamples);
      writer.write_audio({{sound.samples.begin() + static_cast<std::ptrdiff_t>(sent),
                           sound.samples.begin() + static_cast<std::ptrdiff_t>(next)},
                          sound.rate,
                          1});
      sent = next;
    }
  };
  auto& frames = config_.dub.lips ? drawn_ : decoded_;
  int64_t done = 0;
  while (auto frame = frames.pop()) {
    run.check();
    if (done == 0) record_.first_frame_ms = now_ms();
    send_until(frame->time_s() + kChunkSeconds);
    writer.write_video(*frame);
    progress("encode", ++done, expected_frames_, "frames");
  }
  if (!config_.dub.lips) record_.faces.frames = record_.faces.passed_through = done;
  send_until(plan_.video_end_s + 1.0);
  run.check();
  writer.close();
}

}  // namespace vl::dub
