#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace vl::test {

/// `count` seeded numbers from -top to top.
inline std::vector<float> uniform(int64_t count, unsigned seed, float top = 1) {
  std::mt19937 draw(seed);
  std::uniform_real_distribution<float> values(-top, top);
  std::vector<float> out(static_cast<size_t>(count));
  for (float& v : out) v = values(draw);
  return out;
}

}  // namespace vl::test
