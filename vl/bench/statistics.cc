#include "vl/bench/statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <random>

namespace vl::bench {

namespace {

constexpr double kDoubt = 0.01;
constexpr size_t kResamples = 2000;

/// log of the binomial probability of k successes of n.
double log_binomial(int64_t k, int64_t n, double log_p, double log_q) {
  const auto log_factorial = [](int64_t m) { return std::lgamma(static_cast<double>(m) + 1); };
  return log_factorial(n) - log_factorial(k) - log_factorial(n - k) +
         static_cast<double>(k) * log_p + static_cast<double>(n - k) * log_q;
}

double median(std::vector<double>& values) {
  const size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle),
                   values.end());
  return values[middle];
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Interval middle_95(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {percentile(values, 25), percentile(values, 975)};
}

}  // namespace

double percentile(const std::vector<double>& sorted, Permille p) {
  assert(!sorted.empty() && p >= 0 && p <= 1000);
  const size_t n = sorted.size();
  return sorted[std::min(n * static_cast<size_t>(p) / 1000, n - 1)];
}

std::optional<int64_t> early_stopping_rank(int64_t n, Permille p) {
  const double late = static_cast<double>(1000 - p) / 1000;
  const double log_late = std::log(late), log_early = std::log1p(-late);
  double cdf = 0;
  int64_t t = -1;
  while (t < n) {
    cdf += std::exp(log_binomial(t + 1, n, log_late, log_early));
    if (cdf > kDoubt) break;
    ++t;
  }
  return t >= 1 ? std::optional<int64_t>(t) : std::nullopt;
}

int64_t least_count(Permille p, int64_t t) {
  const auto enough = [&](int64_t n) { return early_stopping_rank(n, p).value_or(0) >= t; };
  int64_t high = 1;
  while (!enough(high)) high *= 2;
  int64_t low = high / 2;
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

std::optional<double> early_stopping_estimate(const std::vector<double>& sorted, Permille p) {
  const auto rank = early_stopping_rank(static_cast<int64_t>(sorted.size()), p);
  if (!rank) return std::nullopt;
  return sorted[sorted.size() - static_cast<size_t>(*rank)];
}

std::optional<double> printable_percentile(const std::vector<double>& sorted, Permille p) {
  if (!early_stopping_rank(static_cast<int64_t>(sorted.size()), p)) return std::nullopt;
  return percentile(sorted, p);
}

Moments moments(const std::vector<double>& values) {
  assert(!values.empty());
  Moments out{.mean = mean_of(values)};
  double squares = 0;
  for (const double v : values) squares += (v - out.mean) * (v - out.mean);
  if (values.size() > 1) out.sd = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return out;
}

int64_t block_length(int64_t n) {
  int64_t b = 1;
  while (b * b * b < n) ++b;
  return b;
}

Confidence bootstrap(const std::vector<double>& values, uint64_t seed) {
  assert(!values.empty());
  const size_t n = values.size(),
               block = static_cast<size_t>(block_length(static_cast<int64_t>(n)));
  std::mt19937_64 generator(seed);
  std::vector<double> sample(n), means(kResamples), medians(kResamples);
  for (size_t r = 0; r < kResamples; ++r) {
    for (size_t filled = 0; filled < n;) {
      const size_t start = generator() % (n - block + 1);
      const size_t take = std::min(block, n - filled);
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(start), take,
                  sample.begin() + static_cast<std::ptrdiff_t>(filled));
      filled += take;
    }
    means[r] = mean_of(sample);
    medians[r] = median(sample);
  }
  return {middle_95(std::move(means)), middle_95(std::move(medians))};
}

}  // namespace vl::bench
