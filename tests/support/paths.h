#pragma once

#include <filesystem>
#include <string>

namespace vl::test {

/// tests/data/RELATIVE of the source tree.
std::filesystem::path data(const std::string& relative);
/// RELATIVE to the root of the source tree.
std::filesystem::path source(const std::string& relative);
/// The folder of the built programs.
std::filesystem::path bin();
/// ../shared/RELATIVE beside the source tree: material that is not in the repository (video of real
/// people). Empty when it is absent; such a test skips with a message.
std::filesystem::path shared(const std::string& relative);
/// A fresh empty folder below the system's temporary folder, removed when the object dies.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace vl::test
