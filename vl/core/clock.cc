#include "vl/core/clock.h"

#include <cmath>

namespace vl {

double now_ms() {
  using std::chrono::steady_clock;
  static const steady_clock::time_point start = steady_clock::now();
  return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
}

double round_ms(double ms) { return std::round(ms * 1000) / 1000; }

}  // namespace vl
