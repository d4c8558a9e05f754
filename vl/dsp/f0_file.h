#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace vl::dsp {

/// A pitch curve drawn by the user. Equally long, not empty.
struct F0Curve {
  std::vector<double> seconds;  ///< ascending, equal ones allowed
  std::vector<double> hz;       ///< >= 0; 0 is unvoiced
};

/// The text of an f0 file: one "seconds,hz" a line. Blank lines, CRLF, blanks around the numbers
/// and a byte order mark are accepted.
/// @param name of the file, for messages
/// @throws Error(kBadValue) naming the line: no two numbers, a number that is not finite, |seconds|
/// above 1e6, hz outside of 0..20000, a time before the one above it, or no line at all
F0Curve parse_f0_file(const std::string& text, const std::string& name);

/// Overwrites f0 from first_frame on with the curve at frames of 10 ms: round((last - first) * 100
/// + 1) frames, cut at the end of f0. As in RVC the curve is read from time 0 on, whatever its
/// first time, with its first and last value held beyond its ends; times count in float32. (RVC
/// also wraps around at 32768 frames; this does not.)
/// @param f0 [F] float64 Hz on the CPU, after transposition; changed in place
/// @param first_frame the frame where the signal starts, after the padding; >= 0
/// @throws Error(kBadValue) for another shape or dtype, a negative frame, an empty curve
void replace_f0(at::Tensor& f0, const F0Curve& curve, int64_t first_frame);

}  // namespace vl::dsp
