#include "vl/dub/voice_list.h"

#include <ATen/core/Tensor.h>

#include "vl/core/error.h"
#include "vl/core/log.h"
#include "vl/core/names.h"
#include "vl/core/sha256.h"
#include "vl/dub/consent.h"
#include "vl/dub/voice_prompt.h"
#include "vl/media/wav.h"

namespace vl::dub {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

/// The hash of the newest codes, whichever codec made them.
std::string codes_digest(const weights::PackVoice& voice) {
  if (voice.folder.empty()) return "";
  fs::path newest;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(voice.folder / "codes", error))
    if (entry.path().extension() == ".safetensors" &&
        (newest.empty() || fs::last_write_time(entry) > fs::last_write_time(newest)))
      newest = entry.path();
  return newest.empty() ? "" : sha256_file(newest.string());
}

Json rvc_json(const weights::PackVoice& voice) {
  if (!voice.rvc) return nullptr;
  Json rate = nullptr;
  if (!voice.rvc->file.empty()) {
    const auto stored = ModelStore(voice.rvc->file.parent_path()).find(voice.rvc->file.stem());
    if (stored && stored->sample_rate > 0) rate = stored->sample_rate;
  }
  return {{"model", text_or_null(voice.rvc->sha256)},
          {"index", voice.rvc_index ? text_or_null(voice.rvc_index->sha256) : Json(nullptr)},
          {"sample_rate", rate}};
}

Json prompt_json(const weights::PackVoice& voice) {
  if (!voice.prompt) return nullptr;
  const weights::PackPrompt& p = *voice.prompt;
  if (!p.npz)
    return {{"seconds", media::declared_wav_seconds(p.audio)},
            {"text", p.text},
            {"lang", p.lang},
            {"codes", text_or_null(codes_digest(voice))}};
  const VoicePromptFile preset = read_prompt_npz(p.audio.string());
  return {{"seconds", static_cast<double>(preset.codes.size(0)) / stages::kFramesPerSecond},
          {"text", nullptr},
          {"lang", preset.lang},
          {"codes", p.sha256}};
}

int64_t bytes_of(const weights::PackVoice& voice) {
  uintmax_t sum = 0;
  std::error_code error;
  if (!voice.folder.empty()) {
    for (const auto& entry : fs::recursive_directory_iterator(voice.folder, error))
      if (entry.is_regular_file(error)) sum += entry.file_size();
    return static_cast<int64_t>(sum);
  }
  for (const auto* source : {&voice.rvc, &voice.rvc_index})
    if (*source && !(*source)->file.empty()) sum += fs::file_size((*source)->file);
  if (voice.prompt) sum += fs::file_size(voice.prompt->audio);
  return static_cast<int64_t>(sum);
}

/// Verbs that this voice can speak in; dub takes either part.
Json uses(const weights::PackVoice& voice) {
  Json out = Json::array();
  if (voice.rvc || voice.prompt) out.push_back("dub");
  if (voice.rvc) out.push_back("convert"), out.push_back("speak");
  if (voice.prompt) out.push_back("clone");
  return out;
}

/// A list shows a voice whatever its consent says.
Json consent_json(const weights::PackVoice& voice) {
  try {
    return to_json(consent_record(voice));
  } catch (const Error& e) {
    log::warn("voice \"{}\": {}", voice.name, e.what());
    return nullptr;
  }
}

Json json_of(const weights::PackVoice& voice, const std::string& name, const std::string& id,
             const std::string& created) {
  return {{"name", name},
          {"id", text_or_null(id)},
          {"created", text_or_null(created)},
          {"languages", voice.languages},
          {"rvc", rvc_json(voice)},
          {"prompt", prompt_json(voice)},
          {"consent", consent_json(voice)},
          {"usable_for", uses(voice)},
          {"bytes", bytes_of(voice)}};
}

}  // namespace

Json voice_json(const weights::VoiceFile& file) {
  return json_of(file.voice, file.voice.name, file.id, file.created);
}

Json list_voices(const VoiceStore& store, const weights::Pack& pack) {
  Json out = Json::array();
  for (const weights::VoiceFile& v : store.list()) try {
      out.push_back(voice_json(v));
    } catch (const Error& e) {
      log::warn("voice \"{}\" is passed over: {}", v.voice.name, e.what());
    }
  for (const weights::PackVoice& v : pack.voices)
    out.push_back(json_of(v, kPackPrefix + v.name, "", ""));
  return out;
}

Json remove_voice(const VoiceStore& store, const weights::Pack& pack, const std::string& name,
                  const FileDigests& digests) {
  const bool prefixed = name.rfind(kPackPrefix, 0) == 0;
  const std::string bare = prefixed ? name.substr(kPackPrefix.size()) : name;
  if ((prefixed || !store.exists(name)) && pack.voice(bare) != nullptr)
    throw Error(
        Code::kBadValue,
        fmt::format("voice \"{}\" belongs to pack \"{}\" and cannot be removed", bare, pack.name),
        {}, {"voxlip voices rm removes voices that voxlip voices add has made"});
  const int64_t entries = store.remove(name, digests);
  return {{"removed", name}, {"cache_entries_removed", entries}};
}

}  // namespace vl::dub
