#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vl/core/warning.h"
#include "vl/dub/file_digests.h"
#include "vl/dub/model_store.h"
#include "vl/dub/record.h"
#include "vl/dub/voice_store.h"
#include "vl/weights/packs.h"

namespace vl::dub {

/// Where models and packs are looked for.
struct ModelPlaces {
  std::filesystem::path models_dir, cache_dir, packs_dir, assets_dir;
  std::string pack;                           ///< --pack: name or folder; empty: the built-in one
  std::map<std::string, std::string> chosen;  ///< role -> NAME or FILE, from flags
  bool reference = false;                     ///< models compute by the engine "ref"
  std::filesystem::path voices_dir = {};      ///< registered voices; empty: those of the pack only
  /// Of the weights of models that have a choice (VALL-E X); not with `reference`.
  nn::Precision precision = nn::Precision::kFloat32;
};

/// Before the name of a voice: the pack's, whatever is registered under that name.
inline const std::string kPackPrefix = "pack:";

/// The folder of the pack that `places.pack` names, or nothing.
std::optional<std::filesystem::path> find_pack(const ModelPlaces& places);

/// Fills roles (spec packs.md section 2): a flag, the voice, --pack when given, the newest imported
/// model, the built-in pack. Roles whose weights were made for each other (rvc and content; vallex,
/// codec and vocos) are not mixed with those of a built-in pack.
class ModelSet {
 public:
  /// @throws Error(kModelMissing, kConfig) for a pack that cannot be read
  explicit ModelSet(ModelPlaces places);

  const weights::Pack& pack() const { return pack_; }
  /// The registered voice of this name, else that of the pack; "pack:NAME" is the pack's, an empty
  /// name its default voice. @throws Error(kUnknownVoice) with the nearest name; for a registered
  /// voice as check_voice_consent and weights::read_voice
  const weights::PackVoice& voice(const std::string& name) const;
  const VoiceStore& voices() const { return voices_; }
  /// Do models compute by the engine "ref"?
  bool reference() const { return places_.reference; }
  /// Roles that get() filled from an untrained pack.
  const std::set<std::string>& untrained() const { return untrained_; }
  /// W0117 where there are any.
  void warn_untrained(WarningList& warnings) const;
  /// Is this role filled by the pack's own model, not by a flag or an imported one?
  bool of_pack(const std::string& role) const { return choose(role, nullptr).from == From::kPack; }
  /// Languages that the model of this role offers.
  std::vector<std::string> languages(const std::string& role) const;

  /// The model that fills a role, loaded once. @throws Error(kModelMissing, kHashDiffers, ...)
  template <class M>
  std::shared_ptr<const M> get(const std::string& role) {
    return std::dynamic_pointer_cast<const M>(load(role, nullptr, role));
  }
  /// A voice's own conversion model.
  template <class M>
  std::shared_ptr<const M> get_source(const std::string& role, const weights::PackSource& source,
                                      const std::string& name) {
    return std::dynamic_pointer_cast<const M>(load(role, &source, name));
  }
  /// Would anything fill this role?
  bool has(const std::string& role) const { return choose(role, nullptr).from != From::kNone; }
  /// Hash of the weights that fill a role, once they are loaded; else empty.
  std::string digest(const std::string& role) const;
  /// Every model loaded so far.
  std::vector<ModelRecord> used() const;
  /// Hashes every file of the pack, and checks those that agree with their records as models.
  /// @throws Error(kModelMissing, kUnsupportedVariant, kBadWeights)
  std::vector<FileCheck> verify_pack();
  /// The file that a fill of the pack is kept in once it was made.
  std::filesystem::path fill_path(const std::string& role, const weights::PackFill& fill) const;

 private:
  enum class From { kNone, kFlag, kVoice, kPack, kImported };
  struct Choice {
    From from = From::kNone;
    std::string name;                             ///< for records and messages
    std::string file;                             ///< of a flag or an imported model
    std::string sha256;                           ///< of an imported model, from its record
    const weights::PackSource* source = nullptr;  ///< of a voice or a pack
    std::string reason;                           ///< why nothing fills the role
  };
  Choice choose(const std::string& role, const weights::PackSource* voice) const;
  const weights::PackVoice* registered(const std::string& name) const;
  /// Is this a file of a registered voice?
  bool of_user(const weights::PackSource& source) const;
  /// The model from outside that fills a role made for this one, or empty.
  std::string foreign_partner(const std::string& role) const;
  std::shared_ptr<torch::nn::Module> load(const std::string& role,
                                          const weights::PackSource* source,
                                          const std::string& name);
  std::shared_ptr<torch::nn::Module> load_source(const std::string& role,
                                                 const weights::PackSource& source,
                                                 const std::string& name);
  std::shared_ptr<torch::nn::Module> load_file(const std::string& role, const std::string& path,
                                               const std::string& name);
  std::filesystem::path filled_file(const std::string& role, const weights::PackFill& fill);
  bool intact(const std::filesystem::path& path) const;

  ModelPlaces places_;
  ModelStore store_;
  FileDigests digests_;
  VoiceStore voices_;
  weights::Pack pack_;
  std::set<std::string> untrained_;
  std::set<std::string> user_roles_;  ///< filled by a registered voice
  mutable std::map<std::string, std::unique_ptr<const weights::PackVoice>> registered_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<torch::nn::Module>> loaded_;
  std::vector<ModelRecord> used_;
};

}  // namespace vl::dub
