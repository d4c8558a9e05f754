#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/core/sha256.h"

namespace vl::weights {

/// Deterministic weights in place of a file (spec packs.md section 5).
struct PackFill {
  uint64_t seed = 0;
  std::filesystem::path params;  ///< parameter list
  nlohmann::json config;         ///< the table given, or the parsed JSON file; null when absent
  std::filesystem::path config_file;
  bool half = false;  ///< storage = "float16"
};

/// Where weights come from: exactly one of file and fill.
struct PackSource {
  std::filesystem::path file;
  std::string sha256;
  int64_t bytes = -1;
  std::optional<PackFill> fill = {};
};

struct PackModel {
  std::string role, arch;
  PackSource source;
  std::vector<std::string> languages;
  std::string licence;
  nlohmann::json figures = nullptr;  ///< measured quality, a table
};

struct PackPrompt {
  std::filesystem::path audio;  ///< or npz
  std::string text, lang, sha256;
  bool npz = false;
};

struct PackVoice {
  std::string name, title, licence;
  std::vector<std::string> languages, attribution;
  std::optional<PackSource> rvc, rvc_index;
  std::optional<PackPrompt> prompt;
  double pitch_hz = 0.0;
  int64_t tts_speaker = 0;
  std::filesystem::path folder = {};  ///< of a voice of the user; empty for one of a pack
};

struct PackLexicon {
  std::string lang;
  std::filesystem::path file;
};

struct Pack {
  std::filesystem::path folder;
  std::string name, version, title, licence, default_voice;
  bool trained = false;
  std::string git, created;
  std::vector<std::string> attribution, recipe, data;
  std::vector<PackModel> models;
  std::vector<PackVoice> voices;
  std::vector<PackLexicon> lexicons;

  const PackModel* model(const std::string& role) const;
  const PackVoice* voice(const std::string& name) const;
};

/// A voice of the user: VOICES_DIR/NAME/voice.toml.
struct VoiceFile {
  PackVoice voice = {};
  std::string id, created;
};

/// Reads and checks pack.toml (or pack.json): keys, names, paths that stay inside, files that are
/// there.
/// @param assets the folder that "@assets/" stands for
/// @throws Error kModelMissing (no pack, file missing), kConfig (key), kPathLeavesRoot
Pack read_pack(const std::filesystem::path& folder, const std::filesystem::path& assets);
/// Writes pack.toml (pack.json in a build without TOML) into the pack's folder, replacing the old
/// one. The files it names must be there already.
/// @throws Error kPathLeavesRoot for a file outside folder and assets, kNotWritable, kDiskFull
void write_pack(const Pack& pack, const std::filesystem::path& assets);

/// Letters, digits, "-", "_" and ".", 1 to 64, the first neither "." nor "-": what a voice of the
/// user may be called. Voices of packs have a-z, 0-9, "_" and "-".
bool is_voice_name(const std::string& name);

/// The same for the voice of a folder: voice.toml or voice.json.
/// @throws Error kUnknownVoice (no such file), else as read_pack
VoiceFile read_voice(const std::filesystem::path& folder);
void write_voice(const VoiceFile& voice, const std::filesystem::path& folder);

/// SHA-256 of a file, in hex.
using HashFile = std::function<std::string(const std::string& path)>;

/// Size and hash of a file against its record. @throws Error(kHashDiffers)
void verify_source(const PackSource& source, const std::string& what,
                   const HashFile& hash = sha256_file);
void verify_prompt(const PackPrompt& prompt, const std::string& what,
                   const HashFile& hash = sha256_file);

}  // namespace vl::weights
