#pragma once

#include <chrono>
#include <functional>

namespace vl {

/// Milliseconds of the monotonic clock since the first call of the process.
double now_ms();

/// A source of milliseconds; tests give their own.
using Clock = std::function<double()>;

/// Milliseconds since construction.
class Stopwatch {
 public:
  explicit Stopwatch(Clock clock = now_ms) : clock_(std::move(clock)), start_(clock_()) {}
  double ms() const { return clock_() - start_; }

 private:
  Clock clock_;
  double start_;
};

/// Rounded to three decimals, as times are written in JSON.
double round_ms(double ms);

}  // namespace vl
