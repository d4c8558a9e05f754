// The picture half of a dub: the search for faces.
#include <filesystem>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/log.h"
#include "vl/dub/lip_settings.h"
#include "vl/dub/lip_video.h"
#include "vl/media/picture_writer.h"

namespace vl::dub {

namespace {

/// Frames from which on a switch between several faces is judged at the latest.
constexpr double kWindowSeconds = 10.0;

/// Ticks of a picture at the usual rate.
int64_t usual_duration(const media::VideoInfo& v) {
  return std::max<int64_t>(1, std::llround(1.0 / (usual_fps(v) * v.time_base.value())));
}

}  // namespace

void LipVideo::scan(Run& run) {
  nlohmann::json key = faces_key();
  const double seconds = times_.get().seconds;
  key["seconds"] = std::isinf(seconds) ? -1 : seconds;
  const std::string name = pipeline::StageCache::name_of(key);
  if (job_.resume)
    if (const auto hit = cache_.find(name)) {
      map_.load(read_file(hit->path.string()));
      report_faces(hit->meta.at("damaged").get<int64_t>());
      return;
    }
  media::VideoReader reader(job_.input, read_options());
  if (has_box(job_.lips) && !compat())
    scan_box(run, reader);
  else if (compat())
    scan_compat(run, reader);
  else
    scan_as_usual(run, reader);
  report_faces(reader.damaged());
  write_file_atomic(cache_.scratch(name).string(), map_.save());
  cache_.keep(name, key, {{"damaged", reader.damaged()}});
}

/// What is worth saying of a finished search, whether it was made now or before.
void LipVideo::report_faces(int64_t damaged) {
  keep_counts(map_.counts());
  if (damaged > 0)
    warnings_.add(
        {"W0108", fmt::format("{} damaged frames of {} were passed over", damaged, job_.input)});
  if (faces_.with_face * 2 < faces_.frames)
    warnings_.add({"W0102", fmt::format("{} of {} frames have no face",
                                        faces_.frames - faces_.with_face, faces_.frames)});
}

void LipVideo::keep_counts(const stages::FaceMap::Counts& c) {
  faces_.frames = map_.count();
  faces_.with_face = c.with_face;
  faces_.tracks = c.tracks;
  faces_.cuts = c.cuts;
  faces_.detector_calls = c.detector_calls;
}

void LipVideo::no_face(int64_t frames, float score, int64_t frame,
                       const media::Image& picture) const {
  const bool all = !compat();
  Error error(Code::kNoFace,
              all ? fmt::format("no face found in any of the {} frames", frames)
                  : fmt::format("no face found in frame {}, where the public Wav2Lip stops", frame),
              Where{.file = job_.input,
                    .stream = job_.info.video->stream,
                    .frame = frame,
                    .detail = fmt::format("best score {:.2f} at frame {}", score, frame)},
              {"try --rotate 90, --box T,B,L,R, --min-face-score or --on-no-face audio-only"});
  if (!picture.data.empty() && !job_.job_dir.empty()) {
    const std::filesystem::path file =
        std::filesystem::path(job_.job_dir) / (all ? "face_best.png" : "face_missing.png");
    try {
      std::filesystem::create_directories(file.parent_path());
      media::write_png(file.string(), picture);
      error = error.with_saved({file.string()});
    } catch (const std::exception& e) {
      log::warn("the picture of the error is not kept: {}", e.what());
    }
  }
  throw error;
}

void LipVideo::scan_box(Run& run, media::VideoReader& reader) {
  const double seconds = times_.get().seconds, tick = job_.info.video->time_base.value();
  const stages::Placement place = stages::placement_of(fixed_box(job_.lips));
  stages::FaceMap::Counts counts{.tracks = 1};
  int64_t first = 0;
  while (auto frame = reader.next()) {
    run.check();
    if (counts.with_face == 0) {
      first = frame->pts();
      if (!stages::usable(fixed_box(job_.lips), frame->width(), frame->height()))
        throw Error(Code::kBoxOutside, "box leaves the picture", Where{.file = job_.input},
                    {fmt::format("the picture is {} x {}", frame->width(), frame->height())});
    }
    if (counts.with_face > 0 && static_cast<double>(frame->pts() - first) * tick >= seconds) break;
    map_.push(
        {.pts = frame->pts(),
         .duration = frame->duration() > 0 ? frame->duration() : usual_duration(*job_.info.video),
         .faces = {place}});
    progress("face", ++counts.with_face, job_.info.video->frames);
    if (job_.still) break;
  }
  map_.finish(counts);
}

void LipVideo::scan_as_usual(Run& run, media::VideoReader& reader) {
  const LipTimes& times = times_.get();
  const media::VideoInfo& v = *job_.info.video;
  const double tick = v.time_base.value();
  stages::ScanOptions o = scan_options(job_.lips, *models_.finder);
  o.duration = usual_duration(v);
  o.choice.window = std::max<int64_t>(1, std::llround(kWindowSeconds * usual_fps(v)));
  if (times.source) o.choice.speech = speech_by_frame(times.source, usual_fps(v));
  stages::ScanFaces faces(*models_.finder, o, map_);
  int64_t first = 0;
  while (auto frame = reader.next()) {
    run.check();
    if (faces.frames() == 0) first = frame->pts();
    if (faces.frames() > 0 && static_cast<double>(frame->pts() - first) * tick >= times.seconds)
      break;
    const ScopedSpan span(env_.trace, "face", "detect");
    faces.push(*frame);
    progress("face", faces.frames(), job_.info.video->frames);
    if (job_.still) break;
  }
  faces.end();
  faces_.frames = faces.frames();
  const stages::FaceMap::Counts& found = faces.counts();
  if (found.with_face == 0 && job_.lips.on_no_face == "fail")
    no_face(faces.frames(), faces.best_score(), faces.best_frame(), faces.best_picture());
  if (job_.lips.face_id >= std::max<int64_t>(1, found.tracks))
    throw Error(Code::kFaceNotFound,
                fmt::format("face {} not found, have {}", job_.lips.face_id,
                            found.tracks > 1 ? fmt::format("0-{}", found.tracks - 1) : "0"),
                Where{.file = job_.input}, {"--list-faces shows them"});
  faces.finish();
}

void LipVideo::scan_compat(Run& run, media::VideoReader& reader) {
  const LipsOptions& lips = job_.lips;
  stages::CompatOptions o{.pads = face_pads(lips),
                          .smooth = !lips.nosmooth,
                          .min_score = models_.finder ? least_score(lips, *models_.finder) : 0.0,
                          .batch = lips.face_det_batch_size};
  if (has_box(lips)) o.box = fixed_box(lips);
  stages::CompatFaces faces(models_.finder.get(), o, map_);
  const int64_t most = job_.still ? 1 : static_cast<int64_t>(compat_windows().size());
  while (faces.frames() < most) {
    auto frame = reader.next();
    if (!frame) break;
    run.check();
    faces.push(stages::compat_picture(frame->to_bgr_reference(), compat_picture(lips)),
               frame->pts(),
               frame->duration() > 0 ? frame->duration() : usual_duration(*job_.info.video));
    progress("face", faces.frames(), job_.info.video->frames);
    if (faces.failure()) break;
  }
  faces.finish();
  if (const auto& f = faces.failure()) no_face(faces.frames(), f->best_score, f->frame, f->picture);
}

}  // namespace vl::dub
