// voxlip models list | inspect | import | verify

#include "apps/voxlip/verb.h"
#include "vl/core/error.h"
#include "vl/core/events.h"
#include "vl/core/names.h"
#include "vl/dub/model_list.h"

namespace vl::app {

namespace {

using Json = nlohmann::ordered_json;

class ModelsList : public Verb {
 public:
  std::string name() const override { return "models list"; }
  std::string summary() const override { return "Imported models and those of the pack."; }
  Json run(VerbContext& c) override {
    const Json models = dub::list_models(model_places(c.global));
    for (const Json& m : models)
      if (!c.global.json)
        std::printf(
            "%-24s %-10s %s\n", m["name"].get<std::string>().c_str(),
            m["role"].get<std::string>().c_str(),
            m["path"].is_null() ? "(made at first use)" : m["path"].get<std::string>().c_str());
    return {{"models", models}};
  }
};

class ModelsInspect : public Verb {
 public:
  std::string name() const override { return "models inspect"; }
  std::string summary() const override {
    return "What a checkpoint file holds; nothing of it is run.";
  }
  std::vector<std::string> positionals() const override { return {"FILE"}; }
  Json run(VerbContext& c) override {
    if (c.arguments.empty()) throw Error(Code::kMissingArgument, "FILE is missing");
    const Json out = dub::inspect_checkpoint(c.arguments[0]);
    if (!c.global.json) std::printf("%s\n", json_text(out).c_str());
    return out;
  }
};

struct ImportOptions {
  std::string role, name, model_config;
  bool ema = false;
};
void describe(ImportOptions& o, Fields& f) {
  f.add("role", &o.role,
        "role that the model fills: content f0 rvc rvc-index vallex codec vocos fastpitch hifigan "
        "face wav2lip syncnet lse");
  f.add("name", &o.name, "name of the imported model");
  f.add("model_config", &o.model_config, "separate config file of the public release")
      .alias({"config"});
  f.add("ema", &o.ema,
        "of a training checkpoint of FastPitch or HiFi-GAN, the running averages of the weights");
}

class ModelsImport : public Verb {
 public:
  std::string name() const override { return "models import"; }
  std::string summary() const override {
    return "A public checkpoint becomes MODELS_DIR/NAME.safetensors.";
  }
  std::vector<std::string> positionals() const override { return {"FILE"}; }
  bool owns_config() const override { return true; }
  std::vector<OptionGroup> groups() override {
    OptionGroup g{"Import", {}, false};
    describe(options_, g.fields);
    return {g};
  }
  Json run(VerbContext& c) override {
    if (c.arguments.empty()) throw Error(Code::kMissingArgument, "FILE is missing");
    if (options_.role.empty()) throw Error(Code::kMissingArgument, "--role is missing");
    if (options_.name.empty()) throw Error(Code::kMissingArgument, "--name is missing");
    models::find_class(options_.role);
    const Json record = dub::ModelStore(c.global.models_dir)
                            .import(c.arguments[0], options_.role, options_.name,
                                    {.config_file = options_.model_config, .ema = options_.ema},
                                    c.global.overwrite);
    if (!c.global.json) std::printf("imported %s\n", record["path"].get<std::string>().c_str());
    return {{"imported", record}};
  }

 private:
  ImportOptions options_;
};

class ModelsVerify : public Verb {
 public:
  std::string name() const override { return "models verify"; }
  std::string summary() const override {
    return "Hashes imported models, or all files of a pack, against their records.";
  }
  std::vector<std::string> positionals() const override { return {"[NAME...]"}; }
  Json run(VerbContext& c) override {
    const Json results = dub::verify_models(model_places(c.global), c.arguments);
    for (const Json& r : results) {
      if (!c.global.json)
        std::printf("%s %s\n", r["ok"].get<bool>() ? "ok  " : "BAD ",
                    r["name"].get<std::string>().c_str());
      if (!r["ok"].get<bool>())
        throw Error(
            Code::kHashDiffers,
            fmt::format("hash of \"{}\" differs from its record", r["name"].get<std::string>()), {},
            {"import the model again"});
    }
    return {{"results", results}};
  }
};

}  // namespace

std::unique_ptr<Verb> make_models_list() { return std::make_unique<ModelsList>(); }
std::unique_ptr<Verb> make_models_inspect() { return std::make_unique<ModelsInspect>(); }
std::unique_ptr<Verb> make_models_import() { return std::make_unique<ModelsImport>(); }
std::unique_ptr<Verb> make_models_verify() { return std::make_unique<ModelsVerify>(); }

}  // namespace vl::app
