#include "vl/core/paths.h"

#include <cstdlib>
#include <filesystem>

#include "tests/core/support.h"
#include "tests/support/paths.h"

namespace vl {
namespace {

/// Sets a variable and puts the old value back.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~Variable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

TEST(Paths, Xdg) {
  const Variable home("HOME", "/h");
  const struct {
    const char* variable;
    std::string (*folder)();
    const char* by_home;
  } cases[] = {
      {"XDG_DATA_HOME", data_dir, "/h/.local/share/voxlip"},
      {"XDG_CACHE_HOME", cache_dir, "/h/.cache/voxlip"},
      {"XDG_CONFIG_HOME", config_dir, "/h/.config/voxlip"},
  };
  for (const auto& c : cases) {
    const Variable unset(c.variable, nullptr);
    EXPECT_EQ(c.folder(), c.by_home);
    const Variable set(c.variable, "/x");
    EXPECT_EQ(c.folder(), "/x/voxlip");
    const Variable relative(c.variable, "x");
    EXPECT_EQ(c.folder(), c.by_home);
    const Variable empty(c.variable, "");
    EXPECT_EQ(c.folder(), c.by_home);
  }
}

TEST(Paths, Assets) {
  const test::TempDir dir;
  std::filesystem::create_directory(dir / "a");
  std::filesystem::create_directory(dir / "b");
  const std::string a = dir / "a", b = dir / "b", none = dir / "none";
  const Variable unset("VOXLIP_ASSETS", nullptr);
  set_asset_fallback(none);
  EXPECT_EQ(test::error_of([] { asset_dir(); })->code(), Code::kNotFound);
  set_asset_fallback(b);
  EXPECT_EQ(asset_dir(), b);
  const Variable set("VOXLIP_ASSETS", a.c_str());
  EXPECT_EQ(asset_dir(), a);
  const Variable wrong("VOXLIP_ASSETS", none.c_str());
  EXPECT_EQ(test::error_of([] { asset_dir(); })->code(), Code::kNotFound);
  set_asset_fallback("");
}

TEST(Paths, Executable) {
  EXPECT_EQ(std::filesystem::path(executable_path()).filename(), "vl_core_test");
}

}  // namespace
}  // namespace vl
