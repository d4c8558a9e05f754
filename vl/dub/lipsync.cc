#include "vl/dub/lipsync.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"
#include "vl/dsp/wav2lip_mel.h"
#include "vl/dub/consent.h"
#include "vl/dub/job_graph.h"
#include "vl/dub/lip_settings.h"
#include "vl/dub/lip_video.h"
#include "vl/dub/media_record.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/media/audio.h"
#include "vl/media/audio_reader.h"
#include "vl/media/picture_writer.h"
#include "vl/media/resampler.h"

namespace vl::dub {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Sound at 16 kHz in one channel, block by block.
struct Heard {
  double seconds = 0;
  bool replaced = false;  ///< samples that were no finite numbers
};
Heard read_at_16k(const std::string& path,
                  const std::function<void(const std::vector<float>&)>& use,
                  const std::function<void()>& check, WarningList& warnings) {
  media::AudioReader reader(path);
  std::optional<media::Resampler> to16;
  media::Pcm block;
  int64_t rate = 1;
  while (reader.read(block)) {
    check();
    const media::Pcm mono = media::to_mono(block);
    if (!to16) to16.emplace(mono.rate, dsp::kLipRate, 1);
    rate = mono.rate;
    use(to16->push(mono.samples.data(), mono.frames()));
  }
  if (to16) use(to16->finish());
  if (reader.replaced() > 0)
    warnings.add({"W0118", fmt::format("{} samples of {} are no finite numbers and count as 0",
                                       reader.replaced(), path)});
  if (reader.damaged() > 0)
    warnings.add({"W0108", fmt::format("{} of {} sound packets of {} do not decode",
                                       reader.damaged(), reader.packets(), path)});
  return {static_cast<double>(reader.frames()) / static_cast<double>(rate), reader.replaced() > 0};
}

/// Loudness of a video's own sound. @param late seconds by which its pictures begin behind it
std::shared_ptr<stages::SoundLevels> levels_of(const std::string& path, double late,
                                               const std::function<void()>& check,
                                               WarningList& warnings) {
  auto out = std::make_shared<stages::SoundLevels>(late);
  read_at_16k(
      path, [&](const std::vector<float>& s) { out->append(s.data(), s.size()); }, check, warnings);
  return out;
}

/// Sound whose samples go into the output as they are, at their own rate and channels.
class SoundFile {
 public:
  explicit SoundFile(const std::string& path)
      : reader_(std::make_shared<media::AudioReader>(path)) {}
  bool operator()(media::Pcm& block) const { return reader_->read(block); }

 private:
  std::shared_ptr<media::AudioReader> reader_;
};

/// The new sound of the output: its packets where the container takes them, else encoded again.
/// @param mended samples of it count as 0: its packets still have them
media::Sound sound_of(const std::string& path, const media::MediaInfo& info, const std::string& out,
                      double end_s, bool mended) {
  const media::AudioInfo& a = *info.audio;
  if (media::takes_sound(out, a.codec) && !mended) return media::CopiedSound{path, end_s};
  const auto left = std::make_shared<double>(end_s * static_cast<double>(a.rate));
  const auto next = [file = SoundFile(path), left](media::Pcm& block) {
    if (*left < 1 || !file(block)) return false;
    const auto frames = static_cast<int64_t>(std::min(*left, static_cast<double>(block.frames())));
    block.samples.resize(static_cast<size_t>(frames * block.channels));
    *left -= static_cast<double>(frames);
    return true;
  };
  return media::EncodedSound{.next = next, .rate = a.rate, .channels = a.channels, .track = a};
}

struct Plan {
  LipJob job;
  LipModels models;
  media::MediaInfo audio;
  std::string audio_sha256;
};

void check_video(const media::MediaInfo& info) {
  if (!info.video)
    throw Error(Code::kNoVideo, info.path + " has no video stream", Where{.file = info.path},
                {"--face takes a video or a picture"});
  if (info.video->interlaced)
    throw Error(Code::kUnsupportedKind, info.path + " is interlaced", Where{.file = info.path},
                {"deinterlace it first"});
}

Plan plan_lipsync(const LipsyncConfig& c, ModelSet& models, const JobEnvironment& env,
                  WarningList& warnings, LipsyncRecord& record) {
  c.validate();
  Plan plan;
  LipJob& job = plan.job;
  job.info = media::probe(c.verb.face);
  check_video(job.info);
  plan.audio = media::probe(c.verb.audio, media::SoundLength::kAny);
  if (!plan.audio.audio)
    throw Error(Code::kNoAudio, c.verb.audio + " has no audio stream", Where{.file = c.verb.audio});
  media::check_container(c.verb.out);
  check_output(c.verb.out, env.overwrite);
  job.input = c.verb.face, job.out = c.verb.out;
  job.lips = c.lips, job.encode = c.encode;
  job.extend = c.verb.extend == "loop"     ? Extend::kLoop
               : c.verb.extend == "freeze" ? Extend::kFreeze
                                           : Extend::kPingpong;
  const bool picture = media::is_still(job.info);
  job.still = picture || c.lips.only_first;
  if (c.lips.compatible("wav2lip") && c.verb.length == "video")
    fail(Code::kExclusiveFlags,
         "--length video does not go with --compat wav2lip: there the sound says how many pictures "
         "there are");
  if (job.still && c.verb.length == "video" && picture)
    fail(Code::kExclusiveFlags, "--length video needs a video; {} is a picture", c.verb.face);
  job.resume = c.job.resume;
  job.job_dir = record.job_dir;
  job.note = record.precision + (models.reference() ? " ref" : "");
  plan.models = load_lip_models(c.lips, models);
  models.warn_untrained(warnings);
  job.input_sha256 = sha256_file(c.verb.face);
  plan.audio_sha256 = sha256_file(c.verb.audio);
  record.consent = job_consent(c.consent, nullptr, {job.input_sha256});
  if (job.info.video->vfr)
    warnings.add({"W0105", "the frame rate varies; every picture keeps its time"});
  record.models = models.used();
  return plan;
}

/// The stages of one lipsync.
class LipsyncGraph {
 public:
  LipsyncGraph(const LipsyncConfig& config, const Plan& plan, pipeline::StageCache& cache,
               const JobEnvironment& env, WarningList& warnings, LipsyncRecord& record)
      : config_(config),
        plan_(plan),
        warnings_(warnings),
        record_(record),
        graph_(env.cancelled),
        video_(plan.job, plan.models, env, cache, warnings, graph_) {
    prepare_graph(graph_, env);
    add_stage(graph_, env, "decode", {}, [this](pipeline::RunState& run) { decode_sound(run); });
  }

  void run() {
    const auto keep = [this] {
      keep_graph_times(graph_.times(), record_);
      record_.faces = video_.faces();
      record_.first_frame_ms = video_.first_frame_ms();
    };
    try {
      graph_.run();
    } catch (...) {
      keep();
      throw;
    }
    keep();
  }
  const media::AssemblyResult& result() const { return video_.result(); }

 private:
  void decode_sound(pipeline::RunState& run) {
    const auto check = [&] { run.check(); };
    const double late = late_pictures();
    auto speech = std::make_shared<stages::LipSound>(temporary_folder(), late);
    const Heard heard = read_at_16k(
        config_.verb.audio,
        [&](const std::vector<float>& s) { speech->append(s.data(), s.size()); }, check, warnings_);
    if (speech->finish())
      warnings_.add(
          {"W0112", "the speech is shorter than one mel window and is padded with silence"});
    std::shared_ptr<stages::SoundLevels> source;
    if (plan_.job.info.audio) {
      source = levels_of(config_.verb.face, late, check, warnings_);
    }
    const bool to_video = config_.verb.length == "video";
    const double video_s = plan_.job.info.seconds, seconds = heard.seconds;
    video_.times().set(
        {.seconds = to_video ? (plan_.job.still ? video_s : kInfinity) : seconds - late,
         .source = source});
    video_.track().set(
        {.speech = speech,
         .digest = plan_.audio_sha256,
         .sound = sound_of(config_.verb.audio, plan_.audio, config_.verb.out,
                           to_video && seconds > video_s ? video_s : kInfinity, heard.replaced)});
  }

  /// Seconds by which the pictures begin behind the sound.
  double late_pictures() const {
    const bool own_times = !plan_.job.still && !plan_.job.lips.compatible("wav2lip");
    return own_times ? std::max(0.0, plan_.job.info.video->start_s) : 0.0;
  }

  static std::string temporary_folder() { return std::filesystem::temp_directory_path().string(); }

  const LipsyncConfig& config_;
  const Plan& plan_;
  WarningList& warnings_;
  LipsyncRecord& record_;
  pipeline::Graph graph_;
  LipVideo video_;
};

}  // namespace

void lipsync(const LipsyncConfig& config, ModelSet& models, pipeline::StageCache& cache,
             const JobEnvironment& env, WarningList& warnings, LipsyncRecord& record) {
  const Stopwatch watch;
  record.seed = env.seed;
  const Plan plan = plan_lipsync(config, models, env, warnings, record);
  record.timing.load = watch.ms();
  const Stopwatch work;
  LipsyncGraph graph(config, plan, cache, env, warnings, record);
  graph.run();
  record.timing.compute = work.ms();
  cache.trim();
  record.cache = cache.use();
  record.input = media_record(plan.job.info, plan.job.still ? 0 : record.faces.frames);
  record.audio_input = media_record(plan.audio);
  record.output = media_record(media::probe(config.verb.out), graph.result().pictures);
  if (record.timing.lips && *record.timing.lips > 0)
    record.fps_lips = static_cast<double>(record.faces.redrawn) / (*record.timing.lips / 1000.0);
  record.timing.total = watch.ms();
}

nlohmann::ordered_json list_faces(const LipsyncConfig& config, ModelSet& models,
                                  const JobEnvironment& env, const std::string& job_dir) {
  config.validate();
  const media::MediaInfo info = media::probe(config.verb.face);
  check_video(info);
  LipsOptions lips = config.lips;
  lips.compat = {"none"}, lips.face_select = "all";
  lips.box = {-1, -1, -1, -1};
  const auto finder = load_face_finder(lips, models);
  WarningList ignored;
  const auto check = [&] {
    if (env.cancelled && env.cancelled()) throw Error(Code::kCancelled, "cancelled in face");
  };
  stages::ScanOptions options = scan_options(lips, *finder);
  if (info.audio)
    options.choice.speech = speech_by_frame(
        levels_of(config.verb.face, info.video->start_s, check, ignored), usual_fps(*info.video));
  pipeline::RunState run;
  stages::FaceMap map(run);
  stages::ScanFaces faces(*finder, options, map);
  faces.list_tracks();
  const c10::InferenceMode inference;
  kernels::prepare_compute_thread();
  media::VideoReader reader(config.verb.face,
                            {.threads = env.threads, .rotate = static_cast<int>(lips.rotate)});
  while (auto frame = reader.next()) {
    check();
    faces.push(*frame);
    if (env.on_progress) env.on_progress("face", faces.frames(), info.video->frames, "frames");
  }
  faces.end();
  if (faces.tracks().empty())
    throw Error(Code::kNoFace, fmt::format("no face found in any of the {} frames", faces.frames()),
                Where{.file = config.verb.face}, {"try --rotate 90 or --min-face-score"});
  auto out = nlohmann::ordered_json::array();
  std::filesystem::create_directories(job_dir);
  for (const auto& [id, t] : faces.tracks()) {
    const std::string preview =
        (std::filesystem::path(job_dir) / fmt::format("face_{}.png", id)).string();
    media::write_png(preview, t.preview);
    std::vector<int64_t> box;
    for (const float v : t.best.box) box.push_back(std::lround(v));
    out.push_back({{"face_id", id},
                   {"first_frame", t.first},
                   {"last_frame", t.last},
                   {"box", box},
                   {"score", t.best.score},
                   {"speaking", stages::correlation(t.mouth, t.speech)},
                   {"preview", preview}});
  }
  return out;
}

}  // namespace vl::dub
