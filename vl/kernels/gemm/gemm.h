#pragma once

#include <cstdint>
#include <memory>

namespace vl::kernels {

/// Row-major [k, n] weights of a product, rearranged into panels of 32 columns (the last of 16
/// where that is enough); columns up to a multiple of 16 are zeros. Copies share the memory.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  /// @param b element (row, column) at b[row * row_stride + column * column_stride]
  PackedMatrix(const float* b, int64_t k, int64_t n, int64_t row_stride, int64_t column_stride);
  int64_t k() const { return k_; }
  /// Columns with the padding.
  int64_t padded() const { return padded_; }
  const float* panel(int64_t column) const { return data_.get() + column * k_; }
  bool empty() const { return data_ == nullptr; }

 private:
  int64_t k_ = 0, padded_ = 0;
  std::shared_ptr<float> data_;
};

/// c = a b (+ bias) (+ c), on the calling thread: float32 sums in the order of k.
/// @param a [rows, b.k()], rows lda apart; they may overlap (lda < k), as windows of a signal do
/// @param c [rows, b.padded()], rows ldc apart
/// @param bias [b.padded()] or null
void gemm(int64_t rows, const float* a, int64_t lda, const PackedMatrix& b, float* c, int64_t ldc,
          const float* bias, bool add);

/// Columns of a packed panel; `gemm_columns` computes those of one.
inline constexpr int64_t kGemmPanel = 32;

/// The columns column .. column + 31 of c (those that b has), `column` a multiple of 32, and after
/// the sums a ReLU if asked for: for jobs that share the columns of a wide matrix.
/// @param c, bias column 0
void gemm_columns(int64_t rows, const float* a, int64_t lda, const PackedMatrix& b, int64_t column,
                  float* c, int64_t ldc, const float* bias, bool add, bool relu);

}  // namespace vl::kernels
