#pragma once

#include <cstdint>

namespace vl::kernels {

/// How the elements of a weight matrix are kept.
enum class WeightType { kFloat32, kBfloat16, kInt8 };

/// Weights of y = W x + b, row-major [out, in], by pointers that the owner keeps alive.
struct GemvMatrix {
  WeightType type = WeightType::kFloat32;
  const void* weight = nullptr;
  const float* scale = nullptr;  ///< int8 only: [out], W = weight * scale of its row
  const float* bias = nullptr;   ///< [out] or null
  int64_t out = 0, in = 0;

  /// Bytes that one product reads.
  int64_t bytes() const;
};

/// A few rows of activations and of results, float32.
struct GemvRows {
  int64_t rows = 1;
  const float* x = nullptr;  ///< rows ldx apart
  int64_t ldx = 0;
  float* y = nullptr;  ///< rows ldy apart
  int64_t ldy = 0;
  bool relu = false;
  bool add = false;  ///< y += instead of y =, after the ReLU
};

/// Outputs begin .. end - 1 of every row, on the calling thread; sums in float32, or, of int8
/// weights where the CPU has AVX512-VNNI, exact ones of activations rounded to 16 bits of their
/// row's largest. The weights are read once for up to eight rows. A result's bits depend on its row
/// of x and on the ISA, not on how many rows there are nor on how the outputs are split.
void gemv(const GemvMatrix& matrix, const GemvRows& rows, int64_t begin, int64_t end);

/// Symmetric int8 form of n finite weights: x is about out * scale, scale = max|x| / 127, ties to
/// even.
/// @return the scale, above 0
float quantise_row(const float* x, int64_t n, int8_t* out);

/// LayerNorm of one row of n floats: weight * (x - mean) / sqrt(variance + eps) + bias.
void layer_norm_row(const float* x, int64_t n, const float* weight, const float* bias, float eps,
                    float* y);

/// Reads `bytes` from memory once, as gemv() reads its weights, and gives back some function of
/// them: what a machine can read a second. On the calling thread.
float read_through(const void* data, int64_t bytes);

}  // namespace vl::kernels
