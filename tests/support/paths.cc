#include "tests/support/paths.h"

#include <cstdlib>

namespace vl::test {

namespace fs = std::filesystem;

fs::path data(const std::string& relative) { return fs::path(VL_TEST_DATA) / relative; }
fs::path source(const std::string& relative) { return fs::path(VL_SOURCE_DIR) / relative; }
fs::path bin() { return VL_BIN_DIR; }

fs::path shared(const std::string& relative) {
  const fs::path path = fs::path(VL_SOURCE_DIR).parent_path() / "shared" / relative;
  return fs::exists(path) ? path : fs::path();
}

TempDir::TempDir() {
  std::string name = (fs::temp_directory_path() / "voxlip_test_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    throw fs::filesystem_error("mkdtemp", name, std::error_code());
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace vl::test
