#include "vl/kernels/gemm/gemm.h"

#include <algorithm>

#include "vl/core/allocator.h"
#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/gemm/gemm_variants.h"

namespace vl::kernels {

namespace {

constexpr int64_t kPanel = kGemmPanel, kColumns = 16;

GemmPanel variant() { return for_cpu(gemm_panel_generic, gemm_panel_avx2, gemm_panel_avx512); }

}  // namespace

PackedMatrix::PackedMatrix(const float* b, int64_t k, int64_t n, int64_t row_stride,
                           int64_t column_stride)
    : k_(k), padded_((n + kColumns - 1) / kColumns * kColumns) {
  const auto count = static_cast<size_t>(k_ * padded_);
  data_ = std::static_pointer_cast<float>(allocate_large(count * sizeof(float)));
  std::fill_n(data_.get(), count, 0.0F);
  for (int64_t begin = 0; begin < n; begin += kPanel) {
    const int64_t width = std::min(kPanel, padded_ - begin), end = std::min(n, begin + width);
    float* out = data_.get() + begin * k_;
    for (int64_t row = 0; row < k_; ++row, out += width)
      for (int64_t column = begin; column < end; ++column)
        out[column - begin] = b[row * row_stride + column * column_stride];
  }
}

void gemm_columns(int64_t rows, const float* a, int64_t lda, const PackedMatrix& b, int64_t column,
                  float* c, int64_t ldc, const float* bias, bool add, bool relu) {
  if (rows <= 0) return;
  variant()(rows, a, lda, b.k(), b.panel(column), std::min(kPanel, b.padded() - column), c + column,
            ldc, bias == nullptr ? nullptr : bias + column, add, relu);
}

void gemm(int64_t rows, const float* a, int64_t lda, const PackedMatrix& b, float* c, int64_t ldc,
          const float* bias, bool add) {
  for (int64_t n = 0; n < b.padded(); n += kPanel)
    gemm_columns(rows, a, lda, b, n, c, ldc, bias, add, /*relu=*/false);
}

}  // namespace vl::kernels
