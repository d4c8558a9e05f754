// voxlip clone: text + prompt voice -> speech, with VALL-E X

#include <ATen/Parallel.h>

#include "apps/voxlip/job_run.h"
#include "vl/core/error.h"
#include "vl/core/result.h"
#include "vl/dub/clone_speech.h"

namespace vl::app {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Shares of the whole, roughly as they are on a CPU.
const std::vector<PlannedStage> kPlan = {{"prompt", 3}, {"vallex", 96}, {"encode", 1}};

class Clone : public Verb {
 public:
  std::string name() const override { return "clone"; }
  std::string summary() const override { return "Speaks text in a cloned voice with VALL-E X."; }

  std::vector<OptionGroup> groups() override {
    return {option_group("Speech", config_.verb), option_group("Clone", config_.clone),
            option_group("Long text", config_.long_text), option_group("Text", config_.text),
            option_group("Consent", config_.consent)};
  }

  Json run(VerbContext& c) override {
    if (c.global.threads > 0) at::set_num_threads(static_cast<int>(c.global.threads));
    if (config_.verb.text.empty() && c.command.origin("text").kind != "default")
      throw Error(Code::kBadText, "nothing to speak in the text");
    if (config_.text.show_phonemes) {
      config_.validate();
      return phonemes_of(c,
                         {.text = config_.verb.text,
                          .lang = config_.verb.lang,
                          .unit = dub::TextUnit::kSentence,
                          .voice = config_.verb.voice,
                          .own_voice = config_.clone.prompt_audio.empty() ? "" : dub::kOwnPrompt},
                         config_.text);
    }
    if (c.global.json && config_.verb.out == "-")
      fail(Code::kExclusiveFlags,
           "--json and the sound cannot both go to standard output: use --report-json FILE");
    config_.validate();
    check_report_target(c, {config_.verb.out});
    check_report_target(c, config_.clone.prompt_audio);
    for (const std::string& prompt : config_.clone.prompt_audio)
      if (same_file(prompt, config_.verb.out))
        fail(Code::kExclusiveFlags, "{} would be replaced by the speech made from it", prompt);
    dub::CloneRecord record;
    JobRun job(c, "clone", kPlan, c.warnings);
    job.start(record);
    const auto work = [&] {
      dub::ModelSet models(places(c.global));
      dub::clone_speech(config_, models, job.environment(), c.warnings, record);
    };
    const auto keep_folder = [&](const fs::path& folder) { c.job_dir = folder; };
    const Json result = job.run(
        record, work, [&] { return dub::to_json(record); }, keep_folder);
    if (config_.verb.out != "-")
      c.say(fmt::format("wrote {} ({:.1f} s)", config_.verb.out, record.output.seconds));
    return result;
  }

 private:
  dub::ModelPlaces places(const GlobalOptions& g) const {
    dub::ModelPlaces out = model_places(g);
    if (!config_.clone.vallex_model.empty()) out.chosen["vallex"] = config_.clone.vallex_model;
    return out;
  }

  dub::CloneConfig config_;
};

}  // namespace

std::unique_ptr<Verb> make_clone() { return std::make_unique<Clone>(); }

}  // namespace vl::app
