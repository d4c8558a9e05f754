#include "vl/dub/file_digests.h"

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"

namespace vl::dub {

namespace fs = std::filesystem;

std::string FileDigests::of(const fs::path& file) const {
  std::error_code error;
  const fs::path whole = fs::canonical(file, error);
  struct stat info = {};
  if (error || ::stat(whole.c_str(), &info) != 0) return sha256_file(file.string());
  const nlohmann::json identity = {{"path", whole.string()},
                                   {"size", info.st_size},
                                   {"inode", info.st_ino},
                                   {"seconds", info.st_mtim.tv_sec},
                                   {"nanoseconds", info.st_mtim.tv_nsec}};
  const fs::path record = record_of(whole);
  if (fs::exists(record, error)) {
    const auto known = nlohmann::json::parse(read_file(record.string()), nullptr, false);
    if (known.is_object() && known.value("identity", nlohmann::json()) == identity)
      return known.value("sha256", "");
  }
  const std::string digest = sha256_file(whole.string());
  try {
    fs::create_directories(folder_);
    write_file_atomic(record.string(),
                      nlohmann::json{{"identity", identity}, {"sha256", digest}}.dump() + "\n");
  } catch (const std::exception&) {  // the next call hashes again
  }
  return digest;
}

bool FileDigests::forget(const fs::path& file) const {
  std::error_code error;
  const fs::path whole = fs::canonical(file, error);
  return !error && fs::remove(record_of(whole), error);
}

fs::path FileDigests::record_of(const fs::path& whole) const {
  return folder_ / (sha256_hex(whole.string()) + ".json");
}

}  // namespace vl::dub
