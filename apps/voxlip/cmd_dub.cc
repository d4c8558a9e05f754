// voxlip dub: video + target text -> dubbed video

#include <ATen/Parallel.h>

#include <filesystem>

#include "apps/voxlip/verb.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/log.h"
#include "vl/core/paths.h"
#include "vl/core/progress.h"
#include "vl/core/result.h"
#include "vl/dub/dub_video.h"

namespace vl::app {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Shares of the whole, roughly as they are on a CPU.
const std::vector<PlannedStage> kPlan = {
    {"decode", 5}, {"rvc", 10},  {"prompt", 2}, {"vallex", 30}, {"fastpitch", 1},
    {"fit", 1},    {"face", 15}, {"lips", 20},  {"mix", 1},     {"encode", 15}};

bool same_file(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::weakly_canonical(a, error) == fs::weakly_canonical(b, error);
}

class Dub : public Verb {
 public:
  std::string name() const override { return "dub"; }
  std::string summary() const override {
    return "Dubs a talking-face video: the speech says the given text, the mouth follows.";
  }

  std::vector<OptionGroup> groups() override {
    std::vector<OptionGroup> out;
    const auto add = [&](const char* title, auto& options) {
      OptionGroup g{title, {}, false};
      dub::describe(options, g.fields);
      out.push_back(std::move(g));
    };
    add("Dub", config_.dub);
    add("RVC", config_.rvc);
    add("Clone", config_.clone);
    add("Speak", config_.speak);
    add("Lips", config_.lips);
    add("Fit", config_.fit);
    add("Encode", config_.encode);
    return out;
  }

  Json run(VerbContext& c) override {
    if (c.global.threads > 0) at::set_num_threads(static_cast<int>(c.global.threads));
    if (config_.dub.text.empty() && c.command.origin("text").kind != "default")
      throw Error(Code::kBadText, "nothing to speak in the text");
    config_.validate();
    for (const std::string& file : {config_.dub.input, config_.dub.out})
      if (!c.global.report_json.empty() && same_file(c.global.report_json, file)) {
        c.global.report_json.clear();  // nor is the error written there
        throw Error(Code::kExclusiveFlags, fmt::format("--report-json would replace {}", file));
      }
    dub::DubRecord record;
    record.preset = c.global.preset;
    record.job = dub::new_job_id("dub");
    record.job_dir = (fs::path(c.global.cache_dir) / "jobs" / record.job).string();
    Trace trace;
    Progress progress(c.events, c.console,
                      progress_mode(c.global.quiet ? "none" : c.global.progress, c.console),
                      record.job);
    const ProgressTicker ticker(progress);
    progress.plan(kPlan);
    if (!c.global.quiet) c.warnings.listen([&progress](const Warning& w) { progress.warning(w); });
    dub::DubEnvironment env = environment(c, record.job, progress);
    env.trace = &trace;
    try {
      dub::ModelSet models(places(c.global));
      dub::dub_video(config_, models, env, c.warnings, record);
    } catch (const std::exception& e) {
      Error error = as_error(e);
      if (error.code() == Code::kCancelled)
        error =
            Error(error.code(), fmt::format("{} at {:.0f} %", error.what(), progress.percent()));
      progress.error(error_json(error));
      c.warnings.listen({});
      try {
        keep_job(c, record, trace);
      } catch (const std::exception& second) {
        log::warn("the job folder is not complete: {}", second.what());
      }
      throw error;
    }
    const Json result = dub::to_json(record);
    c.warnings.listen({});
    keep_job(c, record, trace);
    progress.done(result);
    if (!c.global.json)
      c.console.line(fmt::format("wrote {} ({:.1f} s, {} frames, {} redrawn)", config_.dub.out,
                                 record.output.seconds, record.faces.frames, record.faces.redrawn));
    return result;
  }

 private:
  /// Writes the job folder once the inputs were found good: an early error leaves nothing.
  static void keep_job(VerbContext& c, const dub::DubRecord& record, const Trace& trace) {
    if (!record.timing.load) return;
    const fs::path folder = record.job_dir;
    fs::create_directories(folder);
    write_file_atomic((folder / "config.toml").string(), c.config_toml);
    write_file_atomic((folder / "fit.json").string(), dub::to_json(record)["fit"].dump(2) + "\n");
    write_file_atomic((folder / "trace.json").string(), trace.to_chrome().dump() + "\n");
    c.job_dir = folder;
  }

  dub::DubEnvironment environment(VerbContext& c, const std::string& job, Progress& progress) {
    dub::DubEnvironment env{.job = job,
                            .seed = static_cast<uint64_t>(c.global.seed),
                            .threads = static_cast<int>(c.global.threads),
                            .overwrite = c.global.overwrite,
                            .assets_dir = asset_dir()};
    env.cancelled = [cancel = c.cancel] { return cancel.cancelled(); };
    env.on_stage = [&progress](const std::string& stage, bool start) {
      start ? progress.start(stage, "cpu") : progress.end(stage);
    };
    env.on_progress = [&progress](const std::string& stage, int64_t done, int64_t total,
                                  const std::string& unit) {
      progress.update(stage, done, total, unit);
    };
    return env;
  }

  dub::ModelPlaces places(const GlobalOptions& g) const {
    dub::ModelPlaces out = model_places(g);
    const std::pair<const char*, const std::string*> flags[] = {
        {"rvc", &config_.rvc.rvc_model},
        {"vallex", &config_.clone.vallex_model},
        {"fastpitch", &config_.speak.fastpitch_model},
        {"wav2lip", &config_.lips.wav2lip_model},
        {"face", &config_.lips.face_model}};
    for (const auto& [role, value] : flags)
      if (!value->empty()) out.chosen[role] = *value;
    return out;
  }

  dub::DubConfig config_;
};

}  // namespace

std::unique_ptr<Verb> make_dub() { return std::make_unique<Dub>(); }

}  // namespace vl::app
