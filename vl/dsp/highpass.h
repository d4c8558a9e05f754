#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/core/spool.h"

namespace vl::dsp {

/// RVC's input filter: Butterworth high-pass of order 5, 48 Hz at 16 kHz, applied forward and
/// backward (zero phase) as scipy's `filtfilt` does by default: odd extension by 18 samples, both
/// passes started in the steady state of their first sample. Direct form II transposed in float64,
/// no fused multiply-add: the form amplifies rounding to 3e-8, so only this order of operations
/// repeats the public program's bits.
/// @param wave [T] float32 or float64 at 16 kHz, T > 18
/// @return float64 [T] on the CPU
/// @throws Error(kBadValue) for another shape or dtype, or T <= 18
at::Tensor highpass(const at::Tensor& wave);

/// The filter's constants: numerator, denominator (a[0] = 1), steady state for a constant 1.
struct HighpassDesign {
  std::array<double, 6> b, a;
  std::array<double, 5> zi;
};
const HighpassDesign& highpass_design();

/// One causal pass, sample by sample.
class HighpassFilter {
 public:
  /// The steady state of a signal that has always been `value`.
  void start(double value);
  double step(double value);

 private:
  std::array<double, 5> z_{};
};

/// The forward pass over a track that comes in parts, extended at both ends: n + 36 samples out.
class HighpassForward {
 public:
  /// Appends to `out` what became ready.
  void push(const double* samples, int64_t count, std::vector<double>& out);
  /// The rest of the extended track. Nothing for an empty one.
  void finish(std::vector<double>& out);

 private:
  void begin(std::vector<double>& out);

  HighpassFilter filter_;
  std::vector<double> edge_;  ///< the first samples until there are 19, then at least the last 19
  bool started_ = false;
};

/// highpass() for a track of any length in constant memory, and the same bits: push() runs the
/// forward pass, finish() the backward pass from the end over what lies on the disk (8 bytes a
/// sample). A backward pass that starts inside the track, after a look-ahead, would differ by the
/// 3e-8 above.
/// Tracks of 1..18 samples, which the public program refuses, are extended by repeated odd
/// reflection, a single sample by itself: their result has their length.
///     HighpassStream s(folder);
///     while (...) s.push(x, n);
///     s.finish();
///     for (auto y = s.take(); !y.empty(); y = s.take()) ...
class HighpassStream {
 public:
  /// @param folder for the temporary data. @throws Error(kNotWritable)
  explicit HighpassStream(const std::string& folder);
  /// The next samples at 16 kHz. Not after finish(). @throws Error(kDiskFull, kNotWritable)
  void push(const float* samples, int64_t count);
  void push(const double* samples, int64_t count);
  /// @throws as push
  void finish();
  /// Samples pushed, which is the length of the result.
  int64_t size() const { return size_; }
  /// The next part of the result in order, at most 65536 samples; empty at its end.
  /// Only after finish().
  std::vector<double> take();
  /// float64 [count]: samples [begin, begin + count) of the result; any thread. Only after
  /// finish(). @throws Error(kBadValue) outside of the track
  at::Tensor read(int64_t begin, int64_t count) const;

 private:
  HighpassForward forward_;
  SpoolOf<double> spool_;  ///< the extended track: forward results, then the final ones
  std::vector<double> pending_;
  int64_t size_ = 0, taken_ = 0;
  bool finished_ = false;
};

}  // namespace vl::dsp
