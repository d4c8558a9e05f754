#include "vl/core/sha256.h"

#include <bit>
#include <cstdio>
#include <cstring>

#include "vl/core/file.h"
#include "vl/core/sha256_constants.h"

namespace vl {

namespace {

constexpr std::array<uint32_t, 8> kStart = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

uint32_t load_be(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | uint32_t{p[3]};
}

void compress_block(uint32_t* state, const uint8_t* data) {
  uint32_t w[64];
  for (int i = 0; i < 16; ++i) w[i] = load_be(data + 4 * i);
  for (int i = 16; i < 64; ++i) {
    const uint32_t a = w[i - 15], b = w[i - 2];
    const uint32_t s0 = std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3);
    const uint32_t s1 = std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t v[8];
  std::memcpy(v, state, sizeof(v));
  for (int i = 0; i < 64; ++i) {
    const uint32_t s1 = std::rotr(v[4], 6) ^ std::rotr(v[4], 11) ^ std::rotr(v[4], 25);
    const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
    const uint32_t t1 = v[7] + s1 + choice + kSha256K[i] + w[i];
    const uint32_t s0 = std::rotr(v[0], 2) ^ std::rotr(v[0], 13) ^ std::rotr(v[0], 22);
    const uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
    for (int j = 7; j > 0; --j) v[j] = v[j - 1];
    v[4] += t1;
    v[0] = t1 + s0 + majority;
  }
  for (int i = 0; i < 8; ++i) state[i] += v[i];
}

void compress_generic(uint32_t* state, const uint8_t* data, size_t blocks) {
  for (size_t i = 0; i < blocks; ++i) compress_block(state, data + 64 * i);
}

}  // namespace

Sha256Compress sha256_generic() { return compress_generic; }

Sha256::Sha256() : Sha256(sha256_native() != nullptr ? sha256_native() : sha256_generic()) {}

Sha256::Sha256(Sha256Compress compress) : compress_(compress), state_(kStart), block_{} {}

Sha256& Sha256::update(const void* data, size_t size) {
  const auto* p = static_cast<const uint8_t*>(data);
  const size_t held = size_ % 64;
  size_ += size;
  if (held != 0) {
    const size_t take = std::min(size, 64 - held);
    std::memcpy(block_.data() + held, p, take);
    p += take, size -= take;
    if (held + take < 64) return *this;
    compress_(state_.data(), block_.data(), 1);
  }
  if (size >= 64) compress_(state_.data(), p, size / 64);
  if (size % 64 != 0) std::memcpy(block_.data(), p + size / 64 * 64, size % 64);
  return *this;
}

std::array<uint8_t, 32> Sha256::digest() const {
  const size_t held = size_ % 64;
  std::array<uint8_t, 128> tail{};
  std::memcpy(tail.data(), block_.data(), held);
  tail[held] = 0x80;
  const size_t end = held < 56 ? 64 : 128;
  for (int i = 0; i < 8; ++i) tail[end - 1 - i] = static_cast<uint8_t>(size_ * 8 >> (8 * i));
  auto state = state_;
  compress_(state.data(), tail.data(), end / 64);
  std::array<uint8_t, 32> out;
  for (int i = 0; i < 32; ++i) out[i] = static_cast<uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  return out;
}

std::string Sha256::hex() const {
  const auto bytes = digest();
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

std::string sha256_hex(std::string_view bytes) { return Sha256().update(bytes).hex(); }

std::string sha256_file(const std::string& path) {
  Sha256 hash;
  read_chunks(path, [&](std::string_view chunk) { hash.update(chunk); });
  return hash.hex();
}

}  // namespace vl
