#include "vl/kernels/row_attention/row_attention.h"

#include <cmath>
#include <cstring>

#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/row_attention/row_attention_variants.h"

namespace vl::kernels {

namespace {

const RowAttentionVariant& variant() {
  return for_cpu(kRowAttentionGeneric, kRowAttentionAvx2, kRowAttentionAvx512);
}

}  // namespace

void attend_row(const RowAttention& a, int64_t head, float* scores) {
  const int64_t size = a.bfloat16 ? 2 : 4;
  HeadCall call = {.query = a.query + head * a.width,
                   .keys = {},
                   .values = {},
                   .rows = {},
                   .width = a.width,
                   .scale = 1.0F / std::sqrt(static_cast<float>(a.width)),
                   .scores = scores,
                   .out = a.out + head * a.width};
  for (int i = 0; i < 2; ++i) {
    const CachedRows& piece = a.pieces[i];
    const int64_t skip = head * piece.head_stride * size;
    call.rows[i] = piece.rows;
    if (piece.rows == 0) continue;
    call.keys[i] = static_cast<const char*>(piece.keys) + skip;
    call.values[i] = static_cast<const char*>(piece.values) + skip;
  }
  (a.bfloat16 ? variant().bfloat16 : variant().float32)(call);
}

void to_bfloat16(const float* x, int64_t n, uint16_t* out) {
  for (int64_t i = 0; i < n; ++i) {
    uint32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    out[i] = static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
  }
}

}  // namespace vl::kernels
