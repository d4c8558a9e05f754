// voxlip dub: video + target text -> dubbed video

#include <ATen/Parallel.h>

#include <filesystem>

#include "apps/voxlip/job_run.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/dub/dub_video.h"

namespace vl::app {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Shares of the whole, roughly as they are on a CPU.
const std::vector<PlannedStage> kPlan = {
    {"decode", 5}, {"rvc", 10},  {"prompt", 2}, {"vallex", 30}, {"fastpitch", 1},
    {"fit", 1},    {"face", 15}, {"lips", 20},  {"mix", 1},     {"encode", 15}};

class Dub : public Verb {
 public:
  std::string name() const override { return "dub"; }
  std::string summary() const override {
    return "Dubs a talking-face video: the speech says the given text, the mouth follows.";
  }

  std::vector<OptionGroup> groups() override {
    return {option_group("Dub", config_.dub),        option_group("RVC", config_.rvc),
            option_group("Clone", config_.clone),    option_group("Speak", config_.prosody),
            option_group("Lips", config_.lips),      option_group("Fit", config_.fit),
            option_group("Encode", config_.encode),  option_group("Text", config_.text),
            option_group("Consent", config_.consent)};
  }

  Json run(VerbContext& c) override {
    if (c.global.threads > 0) at::set_num_threads(static_cast<int>(c.global.threads));
    if (config_.dub.text.empty() && c.command.origin("text").kind != "default")
      throw Error(Code::kBadText, "nothing to speak in the text");
    if (config_.text.show_phonemes)
      return phonemes_of(
          c,
          {.text = config_.dub.text,
           .lang = config_.dub.lang,
           .unit = dub::TextUnit::kLine,
           .voice = config_.dub.voice,
           .own_voice = config_.dub.voice == dub::kSourceVoice ? config_.dub.voice : ""},
          config_.text);
    config_.validate();
    check_report_target(c, {config_.dub.input, config_.dub.out});
    dub::DubRecord record;
    record.preset = c.global.preset;
    JobRun job(c, "dub", kPlan, c.warnings);
    job.start(record);
    const auto work = [&] {
      dub::ModelSet models(places(c.global));
      const auto cache = stage_cache(c.global);
      dub::dub_video(config_, models, *cache, job.environment(), c.warnings, record);
    };
    const auto fit = [&](const fs::path& folder) {
      write_file_atomic((folder / "fit.json").string(),
                        json_text(dub::to_json(record)["fit"]) + "\n");
      c.job_dir = folder;
    };
    const Json result = job.run(
        record, work, [&] { return dub::to_json(record); }, fit);
    c.say(fmt::format("wrote {} ({:.1f} s, {} frames, {} redrawn)", config_.dub.out,
                      record.output.seconds, record.faces.frames, record.faces.redrawn));
    return result;
  }

 private:
  dub::ModelPlaces places(const GlobalOptions& g) const {
    dub::ModelPlaces out = model_places(g);
    const std::pair<const char*, const std::string*> flags[] = {
        {"rvc", &config_.rvc.rvc_model},          {"rvc-index", &config_.rvc.rvc_index},
        {"vallex", &config_.clone.vallex_model},  {"fastpitch", &config_.prosody.fastpitch_model},
        {"wav2lip", &config_.lips.wav2lip_model}, {"face", &config_.lips.face_model}};
    for (const auto& [role, value] : flags)
      if (!value->empty()) out.chosen[role] = *value;
    return out;
  }

  dub::DubConfig config_;
};

}  // namespace

std::unique_ptr<Verb> make_dub() { return std::make_unique<Dub>(); }

}  // namespace vl::app
