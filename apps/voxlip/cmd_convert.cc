// voxlip convert: RVC on speech; a video keeps its pictures

#include <ATen/Parallel.h>

#include "apps/voxlip/job_run.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/result.h"
#include "vl/dub/convert_audio.h"
#include "vl/dub/rvc_voice.h"

namespace vl::app {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Shares of the whole, roughly as they are on a CPU.
const std::vector<PlannedStage> kPlan = {{"decode", 2}, {"rvc", 95}, {"mix", 1}, {"encode", 2}};

class Convert : public Verb {
 public:
  std::string name() const override { return "convert"; }
  std::string summary() const override {
    return "Converts speech to another voice with RVC; a video keeps its pictures.";
  }
  std::vector<std::string> positionals() const override { return {"[INPUT...]"}; }

  std::vector<OptionGroup> groups() override {
    OptionGroup rvc = option_group("RVC", config_.rvc);
    rvc.fields.find("rvc_model")->aliases.push_back("m");
    return {option_group("Convert", config_.convert), rvc,
            option_group("Consent", config_.consent)};
  }

  Json run(VerbContext& c) override {
    if (c.global.threads > 0) at::set_num_threads(static_cast<int>(c.global.threads));
    auto& inputs = config_.convert.input;
    inputs.insert(inputs.end(), c.arguments.begin(), c.arguments.end());
    config_.validate();
    if (c.global.json && (config_.convert.stream || config_.convert.out == "-"))
      fail(Code::kExclusiveFlags,
           "--json and the sound cannot both go to standard output: use "
           "--report-json FILE");
    if (config_.convert.stream) return stream(c);
    const std::vector<std::string> outputs = dub::output_paths(config_.convert);
    check_report_target(c, inputs);
    check_report_target(c, outputs);
    for (size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i] != "-" && same_file(inputs[i], outputs[i]))
        fail(Code::kExclusiveFlags, "{} would be replaced by its own conversion", inputs[i]);
    const dub::AudioConverter converter(config_, places(c.global), plain_environment(c),
                                        c.warnings);
    if (inputs.size() == 1) {
      fs::path folder;
      const Json result = one(c, converter, inputs[0], outputs[0], c.warnings, folder);
      c.job_dir = folder;
      return result;
    }
    several(c, converter, inputs, outputs);
    return {};
  }

 private:
  static dub::JobEnvironment plain_environment(const VerbContext& c) {
    return {.seed = static_cast<uint64_t>(c.global.seed),
            .cancelled = [cancel = c.cancel] { return cancel.cancelled(); }};
  }

  dub::ModelPlaces places(const GlobalOptions& g) const {
    dub::ModelPlaces out = model_places(g);
    if (!config_.rvc.rvc_model.empty()) out.chosen["rvc"] = config_.rvc.rvc_model;
    if (!config_.rvc.rvc_index.empty())
      out.chosen["rvc-index"] = dub::added_index(config_.rvc.rvc_index);
    return out;
  }

  Json one(VerbContext& c, const dub::AudioConverter& converter, const std::string& input,
           const std::string& output, WarningList& warnings, fs::path& folder) const {
    JobRun job(c, "convert", kPlan, warnings);
    dub::ConvertRecord record;
    job.start(record);
    const auto work = [&] { converter.run(input, output, job.environment(), warnings, record); };
    const auto keep_folder = [&](const fs::path& made) { folder = made; };
    const Json result = job.run(
        record, work, [&] { return dub::to_json(record); }, keep_folder);
    if (output != "-") c.say(fmt::format("wrote {} ({:.1f} s)", output, record.output.seconds));
    return result;
  }

  /// Each file has a document of its own; a file that fails leaves the others as they are.
  void several(VerbContext& c, const dub::AudioConverter& converter,
               const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
    size_t failed = 0;
    for (size_t i = 0; i < inputs.size(); ++i)
      if (!keep_document(c, name(), [&](WarningList& warnings, fs::path& folder) {
            return one(c, converter, inputs[i], outputs[i], warnings, folder);
          }))
        ++failed;
    if (failed > 0)
      throw Error(Code::kPartial, fmt::format("{} of {} files failed", failed, inputs.size()), {},
                  {"each file's own document says why"});
  }

  Json stream(VerbContext& c) {
    const dub::JobEnvironment env = plain_environment(c);
    const dub::AudioConverter converter(config_, places(c.global), env, c.warnings);
    if (!c.global.quiet)
      c.console.line(
          fmt::format("info: algorithmic latency {:.0f} ms (block {} ms), without the "
                      "time of computing",
                      converter.stream_latency_ms(), config_.convert.block_ms));
    converter.stream(env);
    return {};
  }

  dub::ConvertConfig config_;
};

}  // namespace

std::unique_ptr<Verb> make_convert() { return std::make_unique<Convert>(); }

}  // namespace vl::app
