// The picture half of a dub: setting up, decoding, encoding, putting together.
#include "vl/dub/lip_video.h"

#include <ATen/Parallel.h>
#include <torch/version.h>

#include <cmath>
#include <limits>

#include "vl/core/error.h"
#include "vl/core/fields.h"
#include "vl/dsp/wav2lip_mel.h"
#include "vl/dub/job_graph.h"
#include "vl/dub/lip_settings.h"
#include "vl/kernels/cpu_isa.h"

namespace vl::dub {

namespace {

constexpr double kQueuedFrames = 32, kQueuedBytes = 24 << 20;
constexpr double kMissing =
    0.1;  ///< seconds by which sound and pictures may differ and still be as long
constexpr int kStageVersion = 2;  // raised when the same key would make other bytes
constexpr int kFpsScale = 1000;

/// Rate and time base of pictures that stand at whole ticks.
void set_rate(media::VideoInfo& v, double fps) {
  const auto whole = static_cast<int>(std::lround(fps));
  constexpr double kNear = 1e-3;  // "29.97" and "23.976" mean the rates of NTSC
  if (std::abs(fps - whole) < 1e-9)
    v.fps = {whole, 1};
  else if (std::abs(fps * 1001 / 1000 - std::round(fps * 1001 / 1000)) < kNear)
    v.fps = {static_cast<int>(std::lround(fps * 1001 / 1000)) * 1000, 1001};
  else
    v.fps = {static_cast<int>(std::lround(fps * kFpsScale)), kFpsScale};
  v.time_base = {v.fps.den, v.fps.num};
  v.vfr = false;
}

/// The size of the pictures that the public code would write.
media::Rect compat_size(const media::VideoInfo& v, const LipsOptions& o) {
  const bool turned = v.rotation % 180 != 0;
  const media::Image tiny = [&] {
    media::Image frame(turned ? v.height : v.width, turned ? v.width : v.height, 1);
    return stages::compat_picture(frame, compat_picture(o));
  }();
  return {0, 0, tiny.width, tiny.height};
}

}  // namespace

LipVideo::LipVideo(const LipJob& job, const LipModels& models, const JobEnvironment& env,
                   pipeline::StageCache& cache, WarningList& warnings, pipeline::Graph& graph)
    : job_(job),
      models_(models),
      env_(env),
      cache_(cache),
      warnings_(warnings),
      pictures_(*job.info.video),
      begin_(std::chrono::steady_clock::now()),
      times_(graph.value<LipTimes>()),
      track_(graph.value<LipTrack>()),
      resumed_(graph.value<Resumed>()),
      map_(graph.node<stages::FaceMap>()),
      decoded_(graph.channel<OutputFrame>(1.0)),
      drawn_(graph.channel<Drawn>(1.0)) {
  const double said = pictures_.fps.value();
  const double fps = media::is_still(job.info) ? job.lips.fps : usual_fps(pictures_);
  if (!media::is_still(job.info) && fps != said)
    warnings.add(
        {"W0105", fmt::format("{} frames a second is not possible; {} are taken", said, fps)});
  if (compat() || job.still) set_rate(pictures_, fps);
  if (compat()) {
    const media::Rect size = compat_size(pictures_, job.lips);
    pictures_.width = size.width(), pictures_.height = size.height();
    pictures_.rotation = 0, pictures_.sar = {1, 1};
    pictures_.pix_fmt = "yuv420p", pictures_.range = "tv";
    pictures_.matrix = pictures_.primaries = pictures_.transfer = "smpte170m";
  }
  const media::EncoderOptions options = encoder_options(job.encode, env.threads);
  const media::EncoderChoice choice =
      media::choose_encoder(job.out, pictures_, pictures_.codec, options);
  warn_about(choice);
  encoder_ = choice.summary;
  chunk_ = std::max<int64_t>(1, std::llround(job.encode.chunk_s * fps));
  check_crop();
  if (media::is_hdr(*job.info.video))
    warnings.add({"W0111", "the source is HDR: the mouth is drawn without its tone curve"});
  add_stage(graph, env, "face", {&times_}, [this](Run& run) { scan(run); });
  add_stage(graph, env, "decode", {&track_}, [this](Run& run) { decode(run); });
  add_stage(graph, env, "lips", {&decoded_}, [this](Run& run) { animate(run); });
  add_stage(graph, env, "encode", {&drawn_}, [this](Run& run) { encode(run); });
}

/// --crop has to leave something of the upright picture.
void LipVideo::check_crop() const {
  const media::VideoInfo& v = *job_.info.video;
  const bool turned = (v.rotation + job_.lips.rotate) % 180 != 0;
  const int64_t width = turned ? v.height : v.width, height = turned ? v.width : v.height;
  const auto& c = job_.lips.crop;
  if (compat() || (c[0] < height && c[2] < width)) return;  // compat_size() has looked
  throw Error(Code::kBoxOutside, "crop leaves the picture", Where{.file = job_.input},
              {fmt::format("the picture is {} x {}", width, height)});
}

void LipVideo::warn_about(const media::EncoderChoice& choice) {
  const std::string& from = pictures_.pix_fmt;
  if (choice.alpha_dropped)
    warnings_.add({"W0101", fmt::format("{} takes no transparency: that of {} is left out",
                                        choice.encoder, from)});
  if (choice.size_changed)
    warnings_.add({"W0101", fmt::format("{} takes even sizes only: the output is {} x {}",
                                        choice.encoder, choice.width, choice.height)});
}

double LipVideo::cost_of(const media::VideoFrame& frame) {
  const double bytes = 1.5 * frame.width() * frame.height();
  return std::max(1 / kQueuedFrames, bytes / kQueuedBytes);
}

void LipVideo::progress(const char* stage, int64_t done, int64_t expected) const {
  if (env_.on_progress) env_.on_progress(stage, done, std::max(done, expected), "frames");
}

int64_t LipVideo::expected_output() {
  const double seconds = times_.get().seconds;
  return std::isinf(seconds) ? job_.info.video->frames
                             : std::llround(seconds * pictures_.fps.value());
}

media::ReadOptions LipVideo::read_options() const {
  return {.threads = env_.threads, .rotate = compat() ? 0 : static_cast<int>(job_.lips.rotate)};
}

std::vector<int64_t> LipVideo::compat_windows() {
  return dsp::chunk_starts(track_.get().speech->columns(), pictures_.fps.value());
}

nlohmann::json LipVideo::faces_key() const {
  LipsOptions o = job_.lips;
  o.wav2lip_model.clear(), o.face_model.clear();
  // What only the drawing uses.
  o.feather = "", o.color_match = false, o.wav2lip_batch_size = 0;
  const auto face = models_.digests.find("face");
  return {{"stage", "faces"},
          {"version", kStageVersion},
          {"input", job_.input_sha256},
          {"options", config_to_json(o)},
          {"model", face == models_.digests.end() ? "" : face->second},
          {"still", job_.still},
          {"libtorch", TORCH_VERSION},
          {"isa", static_cast<int>(kernels::cpu_isa())},
          {"threads", at::get_num_threads()},
          {"note", job_.note}};
}

/// The key of a segment says all that its bytes depend on.
LipVideo::Segment LipVideo::segment(int64_t index) {
  LipsOptions o = job_.lips;
  o.wav2lip_model.clear(), o.face_model.clear();
  Segment out;
  out.key = {
      {"stage", "lips"},
      {"version", kStageVersion},
      {"faces", pipeline::StageCache::name_of(faces_key())},
      {"options", config_to_json(o)},
      {"models", models_.digests},
      {"sound", track_.get().digest},
      {"seconds",
       times_.get().seconds == std::numeric_limits<double>::infinity() ? -1 : times_.get().seconds},
      {"extend", static_cast<int>(job_.extend)},
      {"encoder", encoder_},
      {"encoder_threads", env_.threads},
      {"pictures", chunk_},
      {"index", index}};
  out.name = pipeline::StageCache::name_of(out.key);
  return out;
}

/// Decodes the pictures of the output behind those that an earlier run has finished.
void LipVideo::decode(Run& run) {
  Resumed resumed;
  for (int64_t i = 0; job_.resume; ++i) {
    const auto hit = cache_.find(segment(i).name);
    if (!hit) break;
    const auto frames = hit->meta.at("frames").get<int64_t>();
    resumed.segments.push_back(hit->path.string());
    resumed.frames += frames;
    resumed.redrawn += hit->meta.at("redrawn").get<int64_t>();
    if (frames < chunk_) break;
  }
  const int64_t first = resumed.frames;
  resumed_.set(std::move(resumed));
  FrameOptions options{.path = job_.input,
                       .read = read_options(),
                       .extend = job_.extend,
                       .seconds = times_.get().seconds,
                       .still = job_.still,
                       .fps = pictures_.fps.value()};
  if (compat())
    options.ticks = static_cast<int64_t>(compat_windows().size());
  else if (job_.still)
    options.ticks = std::max<int64_t>(1, std::llround(options.seconds * options.fps));
  OutputFrames frames(options, job_.info.video->time_base, map_);
  frames.skip_to(first);
  while (auto frame = frames.next()) {
    run.check();
    const double cost = cost_of(frame->frame);
    decoded_.push(std::move(*frame), cost);
  }
  decoded_.close();
}

void LipVideo::encode(Run& run) {
  const Resumed& resumed = resumed_.get();
  std::vector<std::string> segments = resumed.segments;
  faces_.redrawn = resumed.redrawn;
  faces_.passed_through = resumed.frames - resumed.redrawn;
  int64_t done = resumed.frames, redrawn = 0;
  std::optional<media::SegmentEncoder> encoder;
  Segment now;
  const auto close = [&] {
    if (!encoder) return;
    encoder->close();
    encoder.reset();
    const int64_t frames = (done - 1) % chunk_ + 1;
    segments.push_back(
        cache_.keep(now.name, now.key, {{"frames", frames}, {"redrawn", redrawn}}).string());
    faces_.redrawn += redrawn;
    faces_.passed_through += frames - redrawn;
    redrawn = 0;
  };
  while (auto drawn = drawn_.pop()) {
    run.check();
    if (!first_frame_ms_)
      first_frame_ms_ =
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin_)
              .count();
    if (!encoder) {
      now = segment(done / chunk_);
      encoder.emplace(cache_.scratch(now.name).string(), job_.out, pictures_, pictures_.codec,
                      encoder_options(job_.encode, env_.threads));
    }
    encoder->write(drawn->frame);
    if (drawn->redrawn) ++redrawn;
    progress("encode", ++done, expected_output());
    if (done % chunk_ == 0) close();
  }
  run.check();
  close();
  keep_counts(map_.counts());
  if (sound_only()) segments.clear();
  assemble(segments);
}

bool LipVideo::sound_only() {
  const double seconds = times_.get().seconds;
  if (!media::takes_pictures(job_.out, job_.info.video->codec)) return false;
  return map_.counts().with_face == 0 && !job_.still &&
         (std::isinf(seconds) || std::abs(seconds - job_.info.seconds) < kMissing);
}

void LipVideo::assemble(const std::vector<std::string>& segments) {
  media::Assembly a{.out = job_.out,
                    .overwrite = env_.overwrite,
                    .segments = segments,
                    .pictures = pictures_,
                    .source = job_.input,
                    .sound = track_.get().sound};
  result_ = media::assemble(a);
  for (const media::DroppedStream& d : result_.dropped)
    warnings_.add({"W0101",
                   fmt::format("stream {} ({}, {}) is dropped: the container does not take it",
                               d.stream, d.kind, d.codec),
                   Where{.file = job_.input, .stream = d.stream}});
}

}  // namespace vl::dub
