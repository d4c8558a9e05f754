// Shared text of the ISA variants, included after a vec_ISA.h.

#pragma once

#include "vl/kernels/row_attention/row_attention_variants.h"

namespace {

using vl::kernels::HeadCall;
using V = Vec::V;
constexpr int kWidth = Vec::kWidth;

inline float widen(float x) { return x; }
inline float widen(unsigned short x) {
  const unsigned bits = static_cast<unsigned>(x) << 16;
  float out;
  __builtin_memcpy(&out, &bits, sizeof out);
  return out;
}

/// e^x for x <= 0: 2^n times a polynomial of the rest (Cephes), 2 ulp.
inline V exponential(V x) {
  x = Vec::max(x, Vec::set(-87.0F));
  const V n = Vec::round(x * Vec::set(1.44269504F));
  V r = Vec::fma(n, Vec::set(-0.693359375F), x);
  r = Vec::fma(n, Vec::set(2.12194440e-4F), r);
  constexpr float kTerms[] = {1.9875691500e-4F, 1.3981999507e-3F, 8.3334519073e-3F,
                              4.1665795894e-2F, 1.6666665459e-1F, 5.0000001201e-1F};
  V p = Vec::set(kTerms[0]);
  for (int i = 1; i < 6; ++i) p = Vec::fma(p, r, Vec::set(kTerms[i]));
  return Vec::fma(p, r * r, r + Vec::set(1.0F)) * Vec::power_of_two(n);
}

template <class T>
inline float dot(const float* q, const T* k, long width) {
  V sum = Vec::set(0);
  long j = 0;
  for (; j + kWidth <= width; j += kWidth) sum = Vec::fma(Vec::load(q + j), Vec::load(k + j), sum);
  float out = Vec::sum(sum);
  for (; j < width; ++j) out += q[j] * widen(k[j]);
  return out;
}

template <class T>
void score(const HeadCall& c) {
  float* scores = c.scores;
  for (int piece = 0; piece < 2; ++piece) {
    const T* keys = static_cast<const T*>(c.keys[piece]);
    for (long i = 0; i < c.rows[piece]; ++i, keys += c.width)
      *scores++ = dot(c.query, keys, c.width) * c.scale;
  }
}

/// Scores to weights, in place. @return their sum
inline float weigh(float* scores, long count) {
  V top = Vec::set(scores[0]);
  long i = 0;
  for (; i + kWidth <= count; i += kWidth) top = Vec::max(top, Vec::load(scores + i));
  float highest = Vec::highest(top);
  for (; i < count; ++i)
    if (scores[i] > highest) highest = scores[i];
  V sum = Vec::set(0);
  for (i = 0; i + kWidth <= count; i += kWidth) {
    const V weight = exponential(Vec::load(scores + i) - Vec::set(highest));
    Vec::store(scores + i, weight);
    sum += weight;
  }
  float out = Vec::sum(sum);
  for (; i < count; ++i) {
    scores[i] = exponential(Vec::set(scores[i] - highest))[0];
    out += scores[i];
  }
  return out;
}

/// out[0 .. N vectors) of the weighted sum of values.
template <class T, int N>
inline void mix(const HeadCall& c, long at, float factor) {
  V sums[N];
  for (V& s : sums) s = Vec::set(0);
  const float* weight = c.scores;
  for (int piece = 0; piece < 2; ++piece) {
    const T* values = static_cast<const T*>(c.values[piece]) + at;
    for (long i = 0; i < c.rows[piece]; ++i, values += c.width) {
      const V w = Vec::set(*weight++);
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) sums[n] = Vec::fma(w, Vec::load(values + n * kWidth), sums[n]);
    }
  }
  for (int n = 0; n < N; ++n) Vec::store(c.out + at + n * kWidth, sums[n] * Vec::set(factor));
}

template <class T>
inline void mix_one(const HeadCall& c, long at, float factor) {
  float sum = 0;
  const float* weight = c.scores;
  for (int piece = 0; piece < 2; ++piece) {
    const T* values = static_cast<const T*>(c.values[piece]) + at;
    for (long i = 0; i < c.rows[piece]; ++i, values += c.width) sum += *weight++ * widen(*values);
  }
  c.out[at] = sum * factor;
}

template <class T>
void head(const HeadCall& c) {
  constexpr int kMost = kWidth >= 16 ? 4 : 8;
  score<T>(c);
  const float factor = 1.0F / weigh(c.scores, c.rows[0] + c.rows[1]);
  long at = 0;
  for (; at + kMost * kWidth <= c.width; at += kMost * kWidth) mix<T, kMost>(c, at, factor);
  for (; at + kWidth <= c.width; at += kWidth) mix<T, 1>(c, at, factor);
  for (; at < c.width; ++at) mix_one<T>(c, at, factor);
}

}  // namespace
