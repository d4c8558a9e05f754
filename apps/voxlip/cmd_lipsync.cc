// voxlip lipsync: redraws the mouth of a video or picture to given speech

#include <ATen/Parallel.h>

#include "apps/voxlip/job_run.h"
#include "vl/core/error.h"
#include "vl/dub/lipsync.h"

namespace vl::app {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Shares of the whole, roughly as they are on a CPU.
const std::vector<PlannedStage> kPlan = {{"decode", 5}, {"face", 25}, {"lips", 45}, {"encode", 25}};

class Lipsync : public Verb {
 public:
  std::string name() const override { return "lipsync"; }
  std::string summary() const override {
    return "Redraws the mouth of a video or picture so that it says given speech.";
  }

  std::vector<OptionGroup> groups() override {
    OptionGroup lips = option_group("Lips", config_.lips);
    lips.fields.find("wav2lip_model")->aliases.push_back("m");
    return {option_group("Lipsync", config_.verb), lips, option_group("Encode", config_.encode),
            option_group("Consent", config_.consent), option_group("Job", config_.job)};
  }

  Json run(VerbContext& c) override {
    if (c.global.threads > 0) at::set_num_threads(static_cast<int>(c.global.threads));
    config_.validate();
    check_files(c);
    dub::LipsyncRecord record;
    JobRun job(c, "lipsync", kPlan, c.warnings);
    job.start(record);
    if (!config_.job.job_dir.empty()) record.job_dir = config_.job.job_dir;
    dub::ModelSet models(places(c.global));
    if (config_.verb.list_faces) return list(c, models, job.environment(), record);
    const auto cache = stage_cache(c.global);
    const auto work = [&] {
      dub::lipsync(config_, models, *cache, job.environment(), c.warnings, record);
    };
    const Json result = job.run(
        record, work, [&] { return dub::to_json(record); },
        [&](const fs::path& folder) { c.job_dir = folder; });
    c.say(fmt::format("wrote {} ({:.1f} s, {} frames, {} redrawn)", config_.verb.out,
                      record.output.seconds, record.faces.redrawn + record.faces.passed_through,
                      record.faces.redrawn));
    return result;
  }

 private:
  void check_files(VerbContext& c) const {
    const dub::LipsyncOptions& v = config_.verb;
    check_report_target(c, {v.face, v.audio, v.out});
    for (const std::string& input : {v.face, v.audio})
      if (!v.out.empty() && !input.empty() && same_file(input, v.out))
        fail(Code::kExclusiveFlags, "{} would be replaced by its own result", input);
  }

  Json list(VerbContext& c, dub::ModelSet& models, const dub::JobEnvironment& env,
            const dub::LipsyncRecord& record) const {
    const Json tracks = dub::list_faces(config_, models, env, record.job_dir);
    for (const Json& t : tracks)
      c.say(fmt::format("face {}: frames {}-{}, box {}, score {:.2f}, speaking {:.2f}, {}",
                        t["face_id"].get<int>(), t["first_frame"].get<int64_t>(),
                        t["last_frame"].get<int64_t>(), t["box"].dump(), t["score"].get<double>(),
                        t["speaking"].get<double>(), t["preview"].get<std::string>()));
    return {{"job", record.job}, {"tracks", tracks}};
  }

  dub::ModelPlaces places(const GlobalOptions& g) const {
    dub::ModelPlaces out = model_places(g);
    if (!config_.lips.wav2lip_model.empty()) out.chosen["wav2lip"] = config_.lips.wav2lip_model;
    if (!config_.lips.face_model.empty()) out.chosen["face"] = config_.lips.face_model;
    return out;
  }

  dub::LipsyncConfig config_;
};

}  // namespace

std::unique_ptr<Verb> make_lipsync() { return std::make_unique<Lipsync>(); }

}  // namespace vl::app
