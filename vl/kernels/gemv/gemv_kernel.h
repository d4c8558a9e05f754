// Shared text of the ISA variants, included after a vec_ISA.h: internal linkage, nothing of the
// standard library.

#pragma once

#include "vl/kernels/gemv/gemv_variants.h"

namespace {

using vl::kernels::GemvCall;
using V = Vec::V;
constexpr int kWidth = Vec::kWidth;
constexpr long kLine = 64, kMostRows = 8;
constexpr long kBlock = 32;  // outputs whose weights stay in the cache for further groups of rows

inline float widen(float x) { return x; }
inline float widen(signed char x) { return x; }
inline float widen(unsigned short x) {
  const unsigned bits = static_cast<unsigned>(x) << 16;
  float out;
  __builtin_memcpy(&out, &bits, sizeof out);
  return out;
}

/// Dot products of R rows of weights with B rows of x. One sum a pair, always in the order of the
/// columns: bits do not depend on R and B.
template <class T, int R, int B>
inline void dots(const T* w, long in, const float* x, long ldx, float (&out)[R][B]) {
  constexpr long kStep = kLine / sizeof(T);
  V sums[R][B];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int b = 0; b < B; ++b) sums[r][b] = Vec::set(0);
  const auto add = [&](long j) {
    V values[B];
#pragma GCC unroll 8
    for (int b = 0; b < B; ++b) values[b] = Vec::load(x + b * ldx + j);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const V weights = Vec::load(w + r * in + j);
#pragma GCC unroll 8
      for (int b = 0; b < B; ++b) sums[r][b] = Vec::fma(weights, values[b], sums[r][b]);
    }
  };
  long j = 0;
  for (; j + kStep <= in; j += kStep) {
    // The block after this one: a row is no longer than what the hardware follows by itself.
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) __builtin_prefetch(w + (R + r) * in + j);
#pragma GCC unroll 16
    for (int u = 0; u < kStep / kWidth; ++u) add(j + u * kWidth);
  }
  for (; j + kWidth <= in; j += kWidth) add(j);
  if (const long rest = in - j; rest > 0) {
    for (int r = 0; r < R; ++r) {
      float weights[kWidth] = {};
      for (long i = 0; i < rest; ++i) weights[i] = widen(w[r * in + j + i]);
      for (int b = 0; b < B; ++b) {
        float values[kWidth] = {};
        for (long i = 0; i < rest; ++i) values[i] = x[b * ldx + j + i];
        sums[r][b] = Vec::fma(Vec::load(weights), Vec::load(values), sums[r][b]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int b = 0; b < B; ++b) out[r][b] = Vec::sum(sums[r][b]);
}

inline void put(const GemvCall& c, long row, long output, float value) {
  // Said so, because the compiler would fuse it in some of the functions only.
  const float bias = c.bias != nullptr ? c.bias[output] : 0.0F;
  value = c.scale != nullptr ? Vec::fma(value, c.scale[output], bias) : value + bias;
  if (c.relu && value < 0) value = 0;
  float* y = c.y + row * c.ldy + output;
  *y = c.add ? *y + value : value;
}

template <class T, int R, int B>
inline void block(const GemvCall& c, long first, long output) {
  float out[R][B];
  dots<T, R, B>(static_cast<const T*>(c.weight) + output * c.in, c.in, c.x + first * c.ldx, c.ldx,
                out);
  for (int r = 0; r < R; ++r)
    for (int b = 0; b < B; ++b) put(c, first + b, output + r, out[r][b]);
}

/// Rows of weights at once: R x B sums, B values and one vector of weights are in registers.
constexpr int together(int rows) {
  const int fit = (Vec::kRegisters - 1 - rows) / rows;
  return fit >= 4 ? 4 : fit >= 2 ? 2 : 1;
}

template <class T, int B>
void outputs(const GemvCall& c, long first, long begin, long end) {
  constexpr int kTogether = together(B);
  long output = begin;
  for (; output + kTogether <= end; output += kTogether) block<T, kTogether, B>(c, first, output);
  for (; output < end; ++output) block<T, 1, B>(c, first, output);
}

template <class T>
void any_rows(const GemvCall& c, long first, long count, long begin, long end) {
  switch (count) {
    case 1:
      return outputs<T, 1>(c, first, begin, end);
    case 2:
      return outputs<T, 2>(c, first, begin, end);
    case 3:
      return outputs<T, 3>(c, first, begin, end);
    case 4:
      return outputs<T, 4>(c, first, begin, end);
    case 5:
      return outputs<T, 5>(c, first, begin, end);
    case 6:
      return outputs<T, 6>(c, first, begin, end);
    case 7:
      return outputs<T, 7>(c, first, begin, end);
    default:
      return outputs<T, 8>(c, first, begin, end);
  }
}

template <class T>
void product(const GemvCall& c) {
  if (c.rows <= kMostRows) return any_rows<T>(c, 0, c.rows, c.begin, c.end);
  for (long begin = c.begin; begin < c.end; begin += kBlock) {
    const long end = begin + kBlock < c.end ? begin + kBlock : c.end;
    for (long first = 0; first < c.rows; first += kMostRows)
      any_rows<T>(c, first, c.rows - first < kMostRows ? c.rows - first : kMostRows, begin, end);
  }
}

void norm_row(const float* x, long n, const float* weight, const float* bias, float eps, float* y) {
  const auto total = [&](auto value) {
    V sum = Vec::set(0);
    long j = 0;
    for (; j + kWidth <= n; j += kWidth) sum += value(Vec::load(x + j));
    float rest = Vec::sum(sum);
    for (; j < n; ++j) rest += value(Vec::set(x[j]))[0];
    return rest / static_cast<float>(n);
  };
  const float mean = total([](V v) { return v; });
  const float variance = total([=](V v) {
    const V d = v - Vec::set(mean);
    return d * d;
  });
  const float factor = 1.0F / __builtin_sqrtf(variance + eps);
  for (long j = 0; j < n; ++j) y[j] = (x[j] - mean) * factor * weight[j] + bias[j];
}

float read_bytes(const void* data, long bytes) {
  constexpr int kStreams = 4;  // as rows of weights
  const long quarter = bytes / static_cast<long>(sizeof(float)) / kStreams;
  const float* p = static_cast<const float*>(data);
  V sums[kStreams];
  for (V& s : sums) s = Vec::set(0);
  constexpr long kRun = 1024;
  for (long at = 0; at + kStreams * kRun <= kStreams * quarter; at += kStreams * kRun)
    for (long j = 0; j + 16 <= kRun; j += 16)
#pragma GCC unroll 4
      for (int s = 0; s < kStreams; ++s) {
        const float* q = p + at + s * kRun + j;
        __builtin_prefetch(q + kStreams * kRun);
#pragma GCC unroll 4
        for (int u = 0; u < 16 / kWidth; ++u)
          sums[s] = Vec::max(sums[s], Vec::load(q + u * kWidth));
      }
  return Vec::sum(sums[0] + sums[1] + sums[2] + sums[3]);
}

}  // namespace
