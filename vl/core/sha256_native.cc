#include "vl/core/sha256.h"
#include "vl/core/sha256_constants.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace vl {

#if defined(__x86_64__)

namespace {

bool cpu_has_sha() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  return (b & (1u << 29)) != 0 && __builtin_cpu_supports("sse4.1") != 0;
}

__attribute__((target("sha,sse4.1,ssse3"))) void compress_native(uint32_t* state,
                                                                 const uint8_t* data,
                                                                 size_t blocks) {
  auto* words = reinterpret_cast<__m128i*>(state);
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  // The instructions keep the state as (a b e f) and (c d g h), highest word first.
  const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xB1);
  const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1B);
  __m128i abef = _mm_alignr_epi8(badc, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, badc, 0xF0);
  for (; blocks > 0; --blocks, data += 64) {
    const __m128i old_abef = abef, old_cdgh = cdgh;
    __m128i m[4];
    for (int i = 0; i < 4; ++i) {
      const auto* p = reinterpret_cast<const __m128i*>(data) + i;
      m[i] = _mm_shuffle_epi8(_mm_loadu_si128(p), big_endian);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      const auto* k = reinterpret_cast<const __m128i*>(kSha256K) + i;
      const __m128i sum = _mm_add_epi32(m[i % 4], _mm_load_si128(k));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
      const __m128i last = m[(i + 3) % 4];
      const __m128i middle = _mm_alignr_epi8(last, m[(i + 2) % 4], 4);
      const __m128i first = _mm_sha256msg1_epu32(m[i % 4], m[(i + 1) % 4]);
      m[i % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(first, middle), last);
    }
    abef = _mm_add_epi32(abef, old_abef);
    cdgh = _mm_add_epi32(cdgh, old_cdgh);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
}

}  // namespace

Sha256Compress sha256_native() {
  static const bool here = cpu_has_sha();
  return here ? compress_native : nullptr;
}

#else

Sha256Compress sha256_native() { return nullptr; }

#endif

}  // namespace vl
