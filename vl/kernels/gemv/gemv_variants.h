#pragma once

// One set of functions per ISA, each compiled with its own flags.

namespace vl::kernels {

/// What one call of a variant works on; as GemvMatrix and GemvRows.
struct GemvCall {
  const void* weight;
  const float *scale, *bias;
  long in, begin, end;
  long rows;
  const float* x;
  long ldx;
  float* y;
  long ldy;
  bool relu, add;
};

struct GemvMatrix;
struct GemvRows;
GemvCall to_call(const GemvMatrix& matrix, const GemvRows& rows, long begin, long end);

struct GemvVariant {
  void (*float32)(const GemvCall&);
  void (*bfloat16)(const GemvCall&);
  void (*int8)(const GemvCall&);
  void (*norm)(const float* x, long n, const float* weight, const float* bias, float eps, float* y);
  float (*read)(const void* data, long bytes);
};

/// Columns that gemv_int8_vnni() takes at most.
constexpr long kGemvVnniColumns = 8192;
void gemv_int8_vnni(const GemvCall& call);

extern const GemvVariant kGemvGeneric, kGemvAvx2, kGemvAvx512;

}  // namespace vl::kernels
