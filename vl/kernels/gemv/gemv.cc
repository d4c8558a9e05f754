#include "vl/kernels/gemv/gemv.h"

#include <algorithm>
#include <cmath>

#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/gemv/gemv_variants.h"

namespace vl::kernels {

namespace {

const GemvVariant& variant() { return for_cpu(kGemvGeneric, kGemvAvx2, kGemvAvx512); }

}  // namespace

int64_t GemvMatrix::bytes() const {
  switch (type) {
    case WeightType::kInt8:
      return out * (in + 4);
    case WeightType::kBfloat16:
      return 2 * out * in;
    default:
      return 4 * out * in;
  }
}

GemvCall to_call(const GemvMatrix& m, const GemvRows& r, long begin, long end) {
  return {.weight = m.weight,
          .scale = m.type == WeightType::kInt8 ? m.scale : nullptr,
          .bias = m.bias,
          .in = m.in,
          .begin = begin,
          .end = end,
          .rows = r.rows,
          .x = r.x,
          .ldx = r.ldx,
          .y = r.y,
          .ldy = r.ldy,
          .relu = r.relu,
          .add = r.add};
}

void gemv(const GemvMatrix& m, const GemvRows& r, int64_t begin, int64_t end) {
  if (r.rows <= 0 || begin >= end) return;
  const GemvCall call = to_call(m, r, begin, end);
  const GemvVariant& v = variant();
  switch (m.type) {
    case WeightType::kInt8:
      return cpu_isa() >= Isa::kVnni && m.in <= kGemvVnniColumns ? gemv_int8_vnni(call)
                                                                 : v.int8(call);
    case WeightType::kBfloat16:
      return v.bfloat16(call);
    default:
      return v.float32(call);
  }
}

float quantise_row(const float* x, int64_t n, int8_t* out) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it rounds to whole numbers
  float highest = 1e-30F;
  for (int64_t i = 0; i < n; ++i) highest = std::max(highest, std::fabs(x[i]));
  const float scale = highest / 127;
  for (int64_t i = 0; i < n; ++i) {
    const float q = x[i] / scale + kRound - kRound;
    out[i] = static_cast<int8_t>(std::clamp(q, -127.0F, 127.0F));
  }
  return scale;
}

void layer_norm_row(const float* x, int64_t n, const float* weight, const float* bias, float eps,
                    float* y) {
  variant().norm(x, n, weight, bias, eps, y);
}

float read_through(const void* data, int64_t bytes) { return variant().read(data, bytes); }

}  // namespace vl::kernels
