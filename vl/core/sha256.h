#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vl {

/// SHA-256 (FIPS 180-4), streaming. Uses the processor's SHA extension where it has one.
class Sha256 {
 public:
  Sha256();
  Sha256& update(const void* data, size_t size);
  Sha256& update(std::string_view text) { return update(text.data(), text.size()); }
  /// 64 lower-case hex digits of everything so far; the object must not be used afterwards.
  std::string hex();

 private:
  std::array<uint32_t, 8> state_;
  std::array<uint8_t, 64> block_;
  uint64_t length_ = 0;
};

std::string sha256(std::string_view text);
/// @throws Error(kNotFound)
std::string sha256_file(const std::filesystem::path& path);

namespace detail {
void sha256_blocks_generic(uint32_t* state, const uint8_t* data, size_t blocks);
void sha256_blocks_x86(uint32_t* state, const uint8_t* data, size_t blocks);
bool sha256_x86_available();
}  // namespace detail

}  // namespace vl
