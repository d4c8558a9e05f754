// voxlip models run ROLE --entry ENTRY: named tensors in, named tensors out (spec models_run.md)

#include <ATen/Parallel.h>

#include <filesystem>

#include "apps/voxlip/verb.h"
#include "vl/core/clock.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"
#include "vl/dub/model_store.h"
#include "vl/entries/entry.h"
#include "vl/models/registry.h"
#include "vl/weights/safetensors.h"

namespace vl::app {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct RunOptions {
  std::string entry, weights, inputs, outputs, model_config, lang = "auto";
  std::string cleaner = "english_cleaners_v2", symbol_set = "english_basic";
  double p_arpabet = 1.0;
  std::string content, f0_weights, index;
  int64_t fill_seed = -1;
  bool outputs_all = false;
};
void describe(RunOptions& o, Fields& f) {
  f.add("entry", &o.entry, "entry point of the role");
  f.add("weights", &o.weights,
        "any container that models import reads, or a parameter list (*.json) with --fill-seed");
  f.add("fill_seed", &o.fill_seed, "seed of deterministic weights").range(-1, 9.2e18);
  f.add("model_config", &o.model_config,
        "separate config file of the public release, or a family's manifest.json")
      .alias({"config"});
  f.add("inputs", &o.inputs, "safetensors with input:NAME tensors");
  f.add("outputs", &o.outputs, "safetensors to write, out:NAME tensors");
  f.add("outputs_all", &o.outputs_all, "one further tensor a main block");
  f.add("lang", &o.lang, "language of text entries: en, mix");
  f.add("cleaner", &o.cleaner, "text cleaners of text fastpitch, commas between")
      .alias({"text-cleaners"});
  f.add("symbol_set", &o.symbol_set, "symbol set of text fastpitch");
  f.add("p_arpabet", &o.p_arpabet, "share of the words that text fastpitch reads as phones")
      .range(0, 1);
  f.add("content", &o.content, "content model of rvc convert");
  f.add("f0_weights", &o.f0_weights, "RMVPE model of rvc convert; without it yin");
  f.add("index", &o.index, "feature index of rvc retrieve and rvc convert");
}

/// The part of a family's manifest.json that a parameter list belongs to, or null.
nlohmann::json manifest_part(const nlohmann::json& config, const std::string& params_file) {
  if (!config.is_object() || !config.contains("parts")) return nullptr;
  const std::string name = fs::path(params_file).filename().string();
  for (const auto& part : config["parts"])
    if (part.is_object() && part.value("params", "") == name) return part;
  return nullptr;
}

class ModelsRun : public Verb {
 public:
  std::string name() const override { return "models run"; }
  std::string summary() const override {
    return "Feeds named tensors to one entry point of a model and writes its named results.";
  }
  std::vector<std::string> positionals() const override { return {"ROLE"}; }
  bool owns_config() const override { return true; }
  std::vector<OptionGroup> groups() override {
    OptionGroup g{"Run", {}, false};
    describe(options_, g.fields);
    OptionGroup rvc{"RVC, for rvc convert", {}, false};
    rvc_.exact_length = false;  // the goldens are the public program's
    stages::describe(rvc_, rvc.fields);
    for (const char* replaced : {"rvc_model", "rvc_index"})
      rvc.fields = rvc.fields.without(replaced);
    return {g, rvc};
  }

  Json run(VerbContext& c) override {
    if (c.arguments.empty()) throw Error(Code::kMissingArgument, "ROLE is missing");
    for (const auto& [value, flag] : {std::pair{&options_.entry, "--entry"},
                                      {&options_.inputs, "--inputs"},
                                      {&options_.outputs, "--outputs"}})
      if (value->empty()) throw Error(Code::kMissingArgument, fmt::format("{} is missing", flag));
    if (c.global.threads > 0) at::set_num_threads(static_cast<int>(c.global.threads));
    const entries::Entry& entry = entries::find_entry(c.arguments[0], options_.entry);
    check_output(options_.outputs, c.global.overwrite);
    entries::Call call{.outputs_all = options_.outputs_all,
                       .seed = static_cast<uint64_t>(c.global.seed),
                       .flags = {{"lang", options_.lang},
                                 {"cleaner", options_.cleaner},
                                 {"symbol-set", options_.symbol_set},
                                 {"p-arpabet", fmt::format("{}", options_.p_arpabet)}},
                       .rvc = rvc_};
    for (const auto& [key, value] : weights::read_safetensors(options_.inputs).tensors) {
      if (key.rfind("input:", 0) != 0)
        throw Error(Code::kUnknownName,
                    fmt::format("tensor \"{}\" of {} is no input:NAME", key, options_.inputs),
                    Where{.file = options_.inputs});
      call.inputs[key.substr(6)] = value;
    }
    const Json shapes = shapes_json("input:", call.inputs);
    std::shared_ptr<torch::nn::Module> model;
    if (entry.needs_model) model = load_main(entry.role, call);
    call.model = model.get();
    for (const auto& [role, path] : {std::pair{"content", &options_.content},
                                     {"f0", &options_.f0_weights},
                                     {"rvc-index", &options_.index}})
      if (!path->empty()) call.parts[role] = models::build(read(role, *path), *path);
    const Stopwatch watch;
    const entries::Tensors out = entries::run_entry(entry, call);
    const double ms = watch.ms();
    weights::StateDict file;
    for (const auto& [key, value] : out) file.set("out:" + key, value);
    weights::write_safetensors(options_.outputs, file);
    const Json result = {
        {"role", entry.role},
        {"entry", entry.name},
        {"weights_sha256", weights_sha256_.empty() ? Json(nullptr) : Json(weights_sha256_)},
        {"params", params_},
        {"run_ms", round_ms(ms)},
        {"inputs", shapes},
        {"outputs", shapes_json("out:", out)}};
    if (!c.global.json)
      for (const auto& [key, shape] : result["outputs"].items())
        std::printf("%s %s\n", key.c_str(), shape.dump().c_str());
    return result;
  }

 private:
  static Json shapes_json(const char* prefix, const entries::Tensors& tensors) {
    Json out = Json::object();
    for (const auto& [key, value] : tensors) out[prefix + key] = value.sizes().vec();
    return out;
  }

  /// Any container, or a parameter list: its seed is --fill-seed, or the one that the manifest
  /// given as --config has for it.
  models::ModelFile read(const std::string& role, const std::string& path) const {
    std::optional<nlohmann::json> config;
    if (!options_.model_config.empty()) config = dub::read_config_file(options_.model_config);
    weights::Checkpoint checkpoint;
    if (fs::path(path).extension() == ".json") {
      const nlohmann::json part = config ? manifest_part(*config, path) : nlohmann::json();
      const int64_t seed = options_.fill_seed >= 0 && path == options_.weights ? options_.fill_seed
                           : part.is_object() ? part.value("seed", int64_t{-1})
                                              : -1;
      if (seed < 0)
        throw Error(Code::kMissingArgument, "--fill-seed is missing: a parameter list needs one");
      checkpoint = weights::read_fill(path, static_cast<uint64_t>(seed),
                                      part.is_object() && part.value("storage", "") == "float16");
    } else {
      checkpoint = weights::read_checkpoint(path);
    }
    if (config) checkpoint.config = config;
    return models::read_model(role, checkpoint);
  }

  std::shared_ptr<torch::nn::Module> load_main(const std::string& role, entries::Call& call) {
    if (options_.weights.empty()) throw Error(Code::kMissingArgument, "--weights is missing");
    const models::ModelFile file = read(role, options_.weights);
    call.model_config = file.config.dump();
    params_ = file.tensors.numel();
    if (!fs::is_directory(options_.weights)) weights_sha256_ = sha256_file(options_.weights);
    return models::build(file, options_.weights);
  }

  RunOptions options_;
  stages::RvcOptions rvc_;
  std::string weights_sha256_;
  int64_t params_ = 0;
};

}  // namespace

std::unique_ptr<Verb> make_models_run() { return std::make_unique<ModelsRun>(); }

}  // namespace vl::app
