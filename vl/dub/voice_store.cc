#include "vl/dub/voice_store.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

#include <fcntl.h>
#include <unistd.h>

#include "vl/core/error.h"
#include "vl/core/log.h"
#include "vl/core/names.h"

namespace vl::dub {

namespace fs = std::filesystem;

namespace {

constexpr size_t kShortestId = 4;

[[noreturn]] void throw_not_writable(const fs::path& path, int error) {
  const Code code = error == ENOSPC || error == EDQUOT ? Code::kDiskFull : Code::kNotWritable;
  throw Error(code, fmt::format("cannot write {}: {}", path.string(), std::strerror(error)),
              Where{.file = path.string()}, {"give --voices-dir a folder that can be written"});
}

/// A new folder below `voices` whose name no voice can have.
fs::path hidden_folder(const fs::path& voices, const std::string& name) {
  std::string path = (voices / ("." + name + ".XXXXXX")).string();
  if (::mkdtemp(path.data()) == nullptr) throw_not_writable(voices, errno);
  return path;
}

/// Exchanges two folders; in two steps where the file system knows no exchange.
void exchange(const fs::path& a, const fs::path& b) {
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS) throw_not_writable(b, errno);
  const fs::path aside = a.string() + "-";
  std::error_code error;
  fs::rename(b, aside, error);
  if (!error) fs::rename(a, b, error);
  if (!error) fs::rename(aside, a, error);
  if (error) throw_not_writable(b, error.value());
}

}  // namespace

void check_voice_name(const std::string& name) {
  if (!weights::is_voice_name(name))
    throw Error(Code::kBadValue,
                fmt::format("voice cannot be called \"{}\": a name has letters, digits, - _ and ., "
                            "1 to 64 of them, the first neither . nor -",
                            name));
  if (name == kSourceVoice)
    fail(Code::kBadValue, "voice cannot be called \"{}\": that is the speaker of the input", name);
}

NewVoice::NewVoice(const fs::path& voices, const std::string& name) : target_(voices / name) {
  std::error_code error;
  fs::create_directories(voices, error);
  if (error) throw_not_writable(voices, error.value());
  path_ = hidden_folder(voices, name);
}

NewVoice::~NewVoice() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

void NewVoice::commit(bool overwrite) {
  std::error_code error;
  if (overwrite && fs::exists(target_, error)) return exchange(path_, target_);
  // A folder takes the place of an empty one only.
  fs::rename(path_, target_, error);
  if (error == std::errc::directory_not_empty || error == std::errc::file_exists)
    throw Error(Code::kOutputExists,
                fmt::format("voice \"{}\" exists: use --overwrite", target_.filename().string()),
                Where{.file = target_.string()});
  if (error) throw_not_writable(target_, error.value());
  path_.clear();
}

std::vector<std::string> VoiceStore::names() const {
  std::set<std::string> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error))
    if (entry.is_directory(error) && weights::is_voice_name(entry.path().filename().string()))
      out.insert(entry.path().filename().string());
  return {out.begin(), out.end()};
}

bool VoiceStore::exists(const std::string& name) const {
  std::error_code ignored;
  return !folder_.empty() && weights::is_voice_name(name) &&
         fs::is_directory(path_of(name), ignored);
}

weights::VoiceFile VoiceStore::read(const std::string& name) const {
  if (!exists(name))
    throw Error(Code::kUnknownVoice,
                fmt::format("no voice \"{}\"{}", name, did_you_mean(name, names())), {},
                {"voxlip voices list shows all voices"});
  weights::VoiceFile out = weights::read_voice(path_of(name));
  out.voice.name = name;  // the folder's name counts
  return out;
}

std::vector<weights::VoiceFile> VoiceStore::list() const {
  std::vector<weights::VoiceFile> out;
  for (const std::string& name : names()) try {
      out.push_back(read(name));
    } catch (const Error& e) {
      log::warn("voice \"{}\" is passed over: {}", name, e.what());
    }
  return out;
}

std::string VoiceStore::new_id(const std::string& hash, const std::string& name) const {
  std::set<std::string> taken;
  for (const weights::VoiceFile& v : list())
    if (v.voice.name != name) taken.insert(v.id);
  size_t digits = kShortestId;
  while (digits < hash.size() && taken.count("v_" + hash.substr(0, digits)) != 0) ++digits;
  return "v_" + hash.substr(0, digits);
}

int64_t VoiceStore::remove(const std::string& name, const FileDigests& digests) const {
  if (!exists(name)) read(name);  // which says so
  const fs::path path = path_of(name);
  int64_t entries = 0;
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(path, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    entries += digests.forget(at->path());
    entries += at->path().parent_path().filename() == "codes";
  }
  // Under a hidden name first: a voice is there as a whole or not at all.
  const fs::path hidden = hidden_folder(folder_, name);
  fs::rename(path, hidden, error);
  if (error) {
    const int why = error.value();
    fs::remove(hidden, error);
    throw_not_writable(path, why);
  }
  fs::remove_all(hidden, error);
  if (error) throw_not_writable(hidden, error.value());
  return entries;
}

}  // namespace vl::dub
