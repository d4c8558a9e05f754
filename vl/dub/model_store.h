#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/models/registry.h"

namespace vl::dub {

/// One weights file in MODELS_DIR.
struct StoredModel {
  std::string name, role, arch, licence;
  std::filesystem::path path;
  int64_t bytes = 0;
  int64_t sample_rate = 0;  ///< Hz; 0: the model has none
};

/// A file against its record; both hashes are SHA-256 in hex.
struct FileCheck {
  std::string name, expected, actual;
};

/// How a public checkpoint is read.
struct ImportSettings {
  std::string config_file = {};  ///< the separate config file of the public release, or empty
  bool ema = false;  ///< the running averages of a training checkpoint (fastpitch, hifigan)
};

/// The folder of imported models: MODELS_DIR/NAME.safetensors.
class ModelStore {
 public:
  explicit ModelStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// All readable weights files, by name. Files that are none of ours are passed over.
  std::vector<StoredModel> list() const;
  /// Names of all files that an import wrote, readable or not.
  std::vector<std::string> names() const;
  std::optional<StoredModel> find(const std::string& name) const;
  /// Is there a file of this name, readable or not?
  bool exists(const std::string& name) const;
  std::filesystem::path path_of(const std::string& name) const;
  /// The newest of a role, by modification time.
  std::optional<StoredModel> newest(const std::string& role) const;

  /// Imports a public checkpoint. @return the "imported" object of cli.md
  /// @throws Error(kOutputExists) when the name is taken and overwrite is false; Error(kBadValue)
  /// for averages of another role; the reader's and importer's errors
  nlohmann::ordered_json import(const std::string& source, const std::string& role,
                                const std::string& name, const ImportSettings& settings,
                                bool overwrite) const;

  /// SHA-256 written down at import, or empty.
  std::string recorded_digest(const std::string& name) const;
  /// Hashes the file of an imported model anew.
  FileCheck verify(const std::string& name) const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path record_path(const std::string& name) const;
  std::filesystem::path folder_;
};

/// What import_model() made: the "imported" object of cli.md, and the model's configuration.
struct ImportedModel {
  nlohmann::ordered_json record;
  nlohmann::json config;
};
/// Imports a public checkpoint of a role into one weights file; every key, shape and value is
/// checked before anything is written.
/// @param name of the model, for the weights file
/// @throws the reader's and importer's errors
ImportedModel import_model(const std::string& source, const std::string& role,
                           const std::string& name, const ImportSettings& settings,
                           const std::filesystem::path& path);

/// Reads a separate config file: JSON, or the simple YAML of Vocos. @throws Error(kBadWeights) when
/// it is neither
nlohmann::json read_config_file(const std::string& path);

/// Reads any model container or weights file, with an optional config file beside it.
weights::Checkpoint open_checkpoint(const std::string& path, const std::string& config_file);

/// What `models inspect FILE` prints: container, kind, tensors, missing and extra keys, globals.
nlohmann::ordered_json inspect_checkpoint(const std::string& path);

/// "a-z0-9_-", 1 to 64 characters. @throws Error(kBadValue)
void check_model_name(const std::string& name);

}  // namespace vl::dub
