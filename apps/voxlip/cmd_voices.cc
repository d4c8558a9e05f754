// voxlip voices add | list | rm

#include "apps/voxlip/verb.h"
#include "vl/core/console.h"
#include "vl/core/error.h"
#include "vl/core/log.h"
#include "vl/dub/voice_add.h"
#include "vl/dub/voice_list.h"
#include "vl/dub/voice_prompt.h"

namespace vl::app {

namespace {

using Json = nlohmann::ordered_json;

std::string one_name(const VerbContext& c) {
  if (c.arguments.empty()) throw Error(Code::kMissingArgument, "NAME is missing");
  return c.arguments[0];
}

std::string words(const Json& list) {
  return fmt::format("{}", fmt::join(list.get<std::vector<std::string>>(), " "));
}

class VoicesAdd : public Verb {
 public:
  std::string name() const override { return "voices add"; }
  std::string summary() const override {
    return "Registers a voice: prompt speech with its words, an RVC model, or both.";
  }
  std::vector<std::string> positionals() const override { return {"NAME"}; }
  std::vector<OptionGroup> groups() override {
    return {option_group("Voice", config_.voice), option_group("Consent", config_.consent)};
  }

  Json run(VerbContext& c) override {
    const std::string name = one_name(c);
    const dub::ModelPlaces places = model_places(c.global);
    dub::ModelSet models(places);
    const dub::AddEnvironment env{
        .assets_dir = places.assets_dir.string(),
        .overwrite = c.global.overwrite,
        .check = [cancel = c.cancel] { cancel.check(); },
        .make_codes = [&](const weights::PackVoice& voice) { make_codes(models, voice); }};
    const Json voice =
        dub::voice_json(dub::add_voice(models.voices(), name, config_, env, c.warnings));
    c.say(fmt::format("added voice {} ({}) for {}", name, voice["id"].get<std::string>(),
                      words(voice["usable_for"])));
    return {{"voice", voice}};
  }

 private:
  /// A codec that cannot be used now is no fault of the voice: its codes are made at first use.
  static void make_codes(dub::ModelSet& models, const weights::PackVoice& voice) {
    if (!models.has("codec") || voice.prompt->npz) return;
    try {
      const auto codec = models.get<models::encodec::Encodec>("codec");
      dub::voice_prompt_codes(voice, *codec, models.digest("codec"));
    } catch (const Error& e) {
      log::warn("the codes of the prompt are made at first use: {}", e.what());
    }
  }

  dub::VoiceConfig config_;
};

class VoicesList : public Verb {
 public:
  std::string name() const override { return "voices list"; }
  std::string summary() const override { return "Registered voices and those of the pack."; }
  Json run(VerbContext& c) override {
    const dub::ModelSet models(model_places(c.global));
    const Json voices = dub::list_voices(models.voices(), models.pack());
    if (!c.global.json)
      for (const Json& v : voices)
        std::printf("%-24s %-12s %-12s %s\n", v["name"].get<std::string>().c_str(),
                    v["id"].is_null() ? "-" : v["id"].get<std::string>().c_str(),
                    words(v["languages"]).c_str(), words(v["usable_for"]).c_str());
    return {{"voices", voices}};
  }
};

class VoicesRm : public Verb {
 public:
  std::string name() const override { return "voices rm"; }
  std::string summary() const override {
    return "Removes a registered voice with its model, prompt and cached codes.";
  }
  std::vector<std::string> positionals() const override { return {"NAME"}; }
  Json run(VerbContext& c) override {
    const dub::ModelSet models(model_places(c.global));
    const Json out = dub::remove_voice(models.voices(), models.pack(), one_name(c),
                                       dub::FileDigests(c.global.cache_dir));
    c.say("removed voice " + out["removed"].get<std::string>());
    return out;
  }
};

}  // namespace

std::unique_ptr<Verb> make_voices_add() { return std::make_unique<VoicesAdd>(); }
std::unique_ptr<Verb> make_voices_list() { return std::make_unique<VoicesList>(); }
std::unique_ptr<Verb> make_voices_rm() { return std::make_unique<VoicesRm>(); }

}  // namespace vl::app
