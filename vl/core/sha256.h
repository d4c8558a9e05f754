#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vl {

/// Mixes `blocks` blocks of 64 bytes into the eight words of the state.
using Sha256Compress = void (*)(uint32_t* state, const uint8_t* data, size_t blocks);

/// The portable round function, and the one with the SHA instructions (null where this CPU lacks
/// them).
Sha256Compress sha256_generic();
Sha256Compress sha256_native();

/// SHA-256 (FIPS 180-4) of a stream of bytes. The fastest round function of this CPU is taken.
class Sha256 {
 public:
  Sha256();
  explicit Sha256(Sha256Compress compress);

  Sha256& update(const void* data, size_t size);
  Sha256& update(std::string_view text) { return update(text.data(), text.size()); }
  /// The digest of everything so far; the stream may go on.
  std::array<uint8_t, 32> digest() const;
  /// The same in 64 lower-case hexadecimal digits.
  std::string hex() const;

 private:
  Sha256Compress compress_;
  std::array<uint32_t, 8> state_;
  std::array<uint8_t, 64> block_;
  uint64_t size_ = 0;
};

std::string sha256_hex(std::string_view bytes);
/// @throws Error(kNotFound) when the file cannot be read
std::string sha256_file(const std::string& path);

}  // namespace vl
