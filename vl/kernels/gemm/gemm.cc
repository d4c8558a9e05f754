#include "vl/kernels/gemm/gemm.h"

#include <algorithm>

#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/gemm/gemm_variants.h"

namespace vl::kernels {

namespace {

constexpr int64_t kPanel = 32, kColumns = 16;

GemmPanel variant() { return for_cpu(gemm_panel_generic, gemm_panel_avx2, gemm_panel_avx512); }

}  // namespace

PackedMatrix::PackedMatrix(const float* b, int64_t k, int64_t n, int64_t row_stride,
                           int64_t column_stride)
    : k_(k), padded_((n + kColumns - 1) / kColumns * kColumns) {
  data_.assign(static_cast<size_t>(k_ * padded_), 0.0F);
  for (int64_t begin = 0; begin < n; begin += kPanel) {
    const int64_t width = std::min(kPanel, padded_ - begin), end = std::min(n, begin + width);
    float* out = data_.data() + begin * k_;
    for (int64_t row = 0; row < k_; ++row, out += width)
      for (int64_t column = begin; column < end; ++column)
        out[column - begin] = b[row * row_stride + column * column_stride];
  }
}

void gemm(int64_t rows, const float* a, int64_t lda, const PackedMatrix& b, float* c, int64_t ldc,
          const float* bias, bool add) {
  if (rows <= 0) return;
  const GemmPanel panel = variant();
  for (int64_t n = 0; n < b.padded(); n += kPanel)
    panel(rows, a, lda, b.k(), b.panel(n), std::min(kPanel, b.padded() - n), c + n, ldc,
          bias == nullptr ? nullptr : bias + n, add);
}

}  // namespace vl::kernels
