#include "vl/dub/voice_add.h"

#include "vl/core/date.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/log.h"
#include "vl/core/sha256.h"
#include "vl/dub/consent.h"
#include "vl/dub/model_store.h"
#include "vl/dub/rvc_voice.h"
#include "vl/dub/stored_prompt.h"
#include "vl/dub/voice_prompt.h"
#include "vl/text/sentences.h"
#include "vl/text/vallex_text.h"

namespace vl::dub {

namespace fs = std::filesystem;

namespace {

/// One registration: its steps as functions over the folder that is being filled.
class Registration {
 public:
  Registration(const fs::path& folder, const VoiceConfig& config, const AddEnvironment& env,
               WarningList& warnings)
      : folder_(folder), options_(config.voice), env_(env), warnings_(warnings) {}

  void add_prompt() {
    if (options_.audio.empty()) return;
    const bool preset = fs::path(options_.audio).extension() == ".npz";
    weights::PackPrompt prompt;
    prompt.npz = preset;
    prompt.audio = folder_ / (preset ? "prompt.npz" : "prompt.wav");
    if (preset) {
      file_.voice.languages = {read_prompt_npz(options_.audio).lang};
      fs::copy_file(options_.audio, prompt.audio);
    } else {
      prompt.lang = options_.lang == "auto" ? text::language_of(options_.text) : options_.lang;
      prompt.text = text::as_one_line(options_.text, prompt.lang);
      check_words(prompt, add_sound(prompt.audio));
      file_.voice.languages = {prompt.lang};
    }
    prompt.sha256 = sha256_file(prompt.audio.string());
    file_.voice.prompt = prompt;
    step();
  }

  void add_model() {
    if (options_.rvc_model.empty()) return;
    const auto import = [&](const std::string& source, const char* role, const fs::path& path,
                            std::optional<weights::PackSource>& slot) {
      const ImportedModel made = import_model(source, role, file_.voice.name, {}, path);
      slot = weights::PackSource{.file = path,
                                 .sha256 = made.record.at("sha256").get<std::string>(),
                                 .bytes = made.record.at("bytes").get<int64_t>()};
      step();
      return made.config;
    };
    const nlohmann::json model =
        import(options_.rvc_model, "rvc", folder_ / "rvc.safetensors", file_.voice.rvc);
    if (options_.rvc_index.empty()) return;
    const nlohmann::json index = import(added_index(options_.rvc_index), "rvc-index",
                                        folder_ / "index.safetensors", file_.voice.rvc_index);
    if (index.at("dim") != model.at("feature_dim"))
      throw Error(Code::kIndexMismatch,
                  fmt::format("index has {} columns, model needs {}", index.at("dim").dump(),
                              model.at("feature_dim").dump()),
                  Where{.file = options_.rvc_index}, {"give the index that belongs to the model"});
  }

  /// Name, id and time, then consent.toml and voice.toml.
  void write(const VoiceStore& store, Consent consent) {
    weights::PackVoice& v = file_.voice;
    std::string all;
    for (const std::string& hash : {v.prompt ? v.prompt->sha256 : "", v.rvc ? v.rvc->sha256 : ""}) {
      all += hash + "\n";
      if (!hash.empty()) consent.files.push_back(hash);
    }
    file_.id = store.new_id(sha256_hex(all), v.name);
    file_.created = utc_now();
    write_consent(consent, folder_);
    weights::write_voice(file_, folder_);
  }

  weights::VoiceFile& file() { return file_; }

 private:
  void step() const {
    if (env_.check) env_.check();
  }

  /// Words of which the model would hear nothing; a front end whose tables are absent on this
  /// machine has no say.
  void check_words(const weights::PackPrompt& prompt, double seconds) const try {
    if (!text::script_fits(prompt.text, prompt.lang))
      throw Error(
          Code::kBadPrompt,
          fmt::format("the words of the prompt are not written in its language {}", prompt.lang),
          Where{.file = options_.audio}, {"give the words that are spoken, or --lang"});
    check_pace(options_.audio,
               text::vallex_tokens(prompt.text, prompt.lang, text::FrontEnds(env_.assets_dir)),
               seconds);
  } catch (const Error& e) {
    if (e.code() == Code::kBadText || e.code() == Code::kBadPrompt) throw;
    log::debug("the words of the prompt are not checked: {}", e.what());
  }

  /// @return seconds
  double add_sound(const fs::path& path) {
    const PromptSound prompt = read_prompt_sound(options_.audio);
    if (prompt.sound.replaced > 0)
      warnings_.add({"W0118", fmt::format("{} samples of {} are no finite numbers and count as 0",
                                          prompt.sound.replaced, options_.audio)});
    media::write_wav(path, prompt.sound);
    file_.voice.pitch_hz = prompt.pitch_hz;
    return prompt.sound.seconds();
  }

  fs::path folder_;
  const VoiceOptions& options_;
  const AddEnvironment& env_;
  WarningList& warnings_;
  weights::VoiceFile file_;
};

/// A pipe or a device has no hash that would hold for the next reading.
std::string digest_of(const std::string& file) {
  std::error_code ignored;
  if (fs::exists(file, ignored) && !fs::is_regular_file(file, ignored) &&
      !fs::is_directory(file, ignored))
    throw Error(Code::kNotFound, fmt::format("cannot read {}: it is no regular file", file),
                Where{.file = file});
  return sha256_file(file);
}

Consent consent_for(const std::string& name, const VoiceConfig& config) {
  std::vector<std::string> hashes;
  for (const std::string* file : {&config.voice.audio, &config.voice.rvc_model})
    if (!file->empty()) hashes.push_back(digest_of(*file));
  if (!config.voice.rvc_index.empty()) digest_of(config.voice.rvc_index);  // is it there at all?
  if (const auto consent = voice_consent(config.consent, hashes)) return *consent;
  throw Error(Code::kNoConsent, fmt::format("voice \"{}\" has no consent record", name), {},
              {"give --consent FILE whose scope has voice, or --i-have-consent \"NAME, DATE, "
               "PURPOSE\""});
}

}  // namespace

weights::VoiceFile add_voice(const VoiceStore& store, const std::string& name,
                             const VoiceConfig& config, const AddEnvironment& env,
                             WarningList& warnings) {
  check_voice_name(name);
  config.validate();
  std::error_code ignored;
  if (!env.overwrite && fs::exists(store.path_of(name), ignored))
    throw Error(Code::kOutputExists, fmt::format("voice \"{}\" exists: use --overwrite", name),
                Where{.file = store.path_of(name).string()});
  const Consent consent = consent_for(name, config);
  NewVoice folder(store.folder(), name);
  Registration r(folder.path(), config, env, warnings);
  r.file().voice.name = r.file().voice.title = name;
  r.file().voice.folder = folder.path();
  r.add_prompt();
  r.add_model();
  if (env.make_codes && r.file().voice.prompt) env.make_codes(r.file().voice);
  if (env.check) env.check();
  const FolderLock lock(store.folder().string());  // ids are unique among voices that are there
  r.write(store, consent);
  folder.commit(env.overwrite);
  return store.read(name);
}

}  // namespace vl::dub
