// AVX512-VNNI: eight outputs times the sixteen rows of a group, four columns at once.

#include "vl/kernels/vec_avx512.h"
// The vectors come first.
#include "vl/kernels/gemm_int8/gemm_int8_kernel.h"

namespace {

constexpr int kOutputs = 8;
constexpr long kMostColumns = vl::kernels::kGemvVnniColumns;

/// Rows of weights + 128, for products of unsigned with signed bytes; columns past the matrix stand
/// before zeros of the activations.
struct Weights {
  alignas(64) unsigned char bytes[kOutputs][kMostColumns];
};

inline void load(const GemvCall& c, long output, Weights& out) {
  const __m512i flip = _mm512_set1_epi8(-128);
  for (long r = 0; r < kOutputs; ++r) {
    const long row = output + r < c.end ? output + r : c.end - 1;
    const signed char* w = static_cast<const signed char*>(c.weight) + row * c.in;
    for (long j = 0; j < c.in; j += kInt8Step) {
      const long left = c.in - j;
      const __mmask64 mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
      _mm512_store_si512(out.bytes[r] + j,
                         _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, w + j), flip));
    }
  }
}

inline void sums(const Weights& w, const PackedInt8& x, long group, int (*high)[16],
                 int (*low)[16]) {
  __m512i h[kOutputs], l[kOutputs];
#pragma GCC unroll 8
  for (int o = 0; o < kOutputs; ++o) h[o] = l[o] = _mm512_setzero_si512();
  const signed char* lines[2] = {x.high + group * x.group_bytes, x.low + group * x.group_bytes};
  for (long j = 0; j < x.columns; j += 4) {
    const __m512i upper = _mm512_load_si512(lines[0] + j / 4 * kLine);
    const __m512i lower = _mm512_load_si512(lines[1] + j / 4 * kLine);
#pragma GCC unroll 8
    for (int o = 0; o < kOutputs; ++o) {
      int four;
      __builtin_memcpy(&four, w.bytes[o] + j, sizeof four);
      const __m512i weights = _mm512_set1_epi32(four);
      h[o] = _mm512_dpbusd_epi32(h[o], weights, upper);
      l[o] = _mm512_dpbusd_epi32(l[o], weights, lower);
    }
  }
#pragma GCC unroll 8
  for (int o = 0; o < kOutputs; ++o) {
    _mm512_store_si512(high[o], h[o]);
    _mm512_store_si512(low[o], l[o]);
  }
}

void pack(const GemvCall& c, const PackedInt8& x, long group) { pack_group(c, x, group); }

void multiply(const GemvCall& c, const PackedInt8& x, long first, long last) {
  Weights weights[2];
  alignas(64) int high[16][16], low[16][16];
  for (long output = c.begin; output < c.end; output += 16) {
    load(c, output, weights[0]);
    load(c, output + 8, weights[1]);
    for (long group = first; group < last && group * kInt8Group < c.rows; ++group) {
      for (int half = 0; half < 2; ++half)
        sums(weights[half], x, group, high + kOutputs * half, low + kOutputs * half);
      finish(c, x, high, low, output, group, true);
    }
  }
}

}  // namespace

namespace vl::kernels {

const GemmInt8Variant kGemmInt8Vnni = {pack, multiply};

}  // namespace vl::kernels
