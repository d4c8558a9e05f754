#pragma once

// Vectors of four floats for every x86-64. Each vec_ISA.h gives the same names for its ISA and is
// included by translation units of that ISA only, so everything has internal linkage.

namespace {

struct Vec {
  static constexpr int kWidth = 4, kRegisters = 16;
  typedef float V __attribute__((vector_size(16)));
  typedef int I __attribute__((vector_size(16)));
  typedef float Loose __attribute__((vector_size(16), aligned(4), may_alias));

  static V set(float x) { return V{x, x, x, x}; }
  static V load(const float* p) { return *reinterpret_cast<const Loose*>(p); }
  static V load(const unsigned short* p) {  // bfloat16
    const I bits = {p[0] << 16, p[1] << 16, p[2] << 16, p[3] << 16};
    return reinterpret_cast<V>(bits);
  }
  static V load(const signed char* p) {
    return V{static_cast<float>(p[0]), static_cast<float>(p[1]), static_cast<float>(p[2]),
             static_cast<float>(p[3])};
  }
  static void store(float* p, V x) { *reinterpret_cast<Loose*>(p) = x; }
  static V fma(V a, V b, V c) { return a * b + c; }
  static float fma(float a, float b, float c) { return a * b + c; }
  static V max(V a, V b) { return a > b ? a : b; }
  /// Nearest integer; |x| below 2^22.
  static V round(V x) { return (x + 12582912.0F) - 12582912.0F; }
  /// 2^n for a whole n in -126 .. 127.
  static V power_of_two(V n) {
    return reinterpret_cast<V>((__builtin_convertvector(n, I) + 127) << 23);
  }
  static float sum(V x) { return (x[0] + x[2]) + (x[1] + x[3]); }
  static float highest(V x) {
    const float a = x[0] > x[1] ? x[0] : x[1], b = x[2] > x[3] ? x[2] : x[3];
    return a > b ? a : b;
  }
};

}  // namespace
