#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vl/dub/file_digests.h"
#include "vl/weights/packs.h"

namespace vl::dub {

constexpr const char* kSourceVoice = "source";  ///< the speaker of the input
constexpr const char* kOwnPrompt = "prompt";    ///< the voice of a prompt given by flags

/// The folder of a voice while it is made: beside the others, under a hidden name. Nothing of it
/// stays unless commit() is called.
class NewVoice {
 public:
  /// @throws Error(kNotWritable) when the folder of the voices cannot be made or written
  NewVoice(const std::filesystem::path& voices, const std::string& name);
  ~NewVoice();
  NewVoice(const NewVoice&) = delete;
  NewVoice& operator=(const NewVoice&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Gives the folder its name, and takes away an older voice of that name.
  /// @throws Error(kOutputExists) for an older one when `overwrite` is false; Error(kNotWritable)
  void commit(bool overwrite);

 private:
  std::filesystem::path target_, path_;
};

/// The registered voices: VOICES_DIR/NAME/ (spec packs.md section 7).
class VoiceStore {
 public:
  explicit VoiceStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }
  /// Names of all voices, readable or not, in order.
  std::vector<std::string> names() const;
  bool exists(const std::string& name) const;
  std::filesystem::path path_of(const std::string& name) const { return folder_ / name; }
  /// @throws Error(kUnknownVoice); as weights::read_voice
  weights::VoiceFile read(const std::string& name) const;
  /// All readable voices, by name; others are passed over with a message.
  std::vector<weights::VoiceFile> list() const;
  /// `v_` and as many hexadecimal digits of `hash` as no other voice has, at least four.
  std::string new_id(const std::string& hash, const std::string& name) const;
  /// Removes a voice with its cached codes and the records of its files.
  /// @return cache entries that went with it
  /// @throws Error(kUnknownVoice) with the nearest name, Error(kNotWritable)
  int64_t remove(const std::string& name, const FileDigests& digests) const;

 private:
  std::filesystem::path folder_;
};

/// @throws Error(kBadValue) for a name that no voice of the user may have
void check_voice_name(const std::string& name);

}  // namespace vl::dub
