#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace vl::bench {

/// A percentile in thousandths, so that its index is exact: 500 is p50, 999 is p99.9.
using Permille = int64_t;

/// The value at index floor(n * p), at most n - 1. Never interpolated.
/// @param sorted ascending, not empty
double percentile(const std::vector<double>& sorted, Permille p);

/// Largest t >= 1 with BinomialCDF(t; n, 1 - p) <= 0.01: the t-th worst of n latencies is the
/// early-stopping estimate of percentile p at 99 % confidence (MLPerf inference rules). Nothing
/// when n is too small for t = 1.
std::optional<int64_t> early_stopping_rank(int64_t n, Permille p);

/// Least n whose early-stopping rank of p is at least t.
int64_t least_count(Permille p, int64_t t = 1);

/// The early-stopping estimate, or nothing when n is too small. @param sorted ascending
std::optional<double> early_stopping_estimate(const std::vector<double>& sorted, Permille p);

/// The percentile, or nothing when n is below least_count(p): such a one is not printed.
std::optional<double> printable_percentile(const std::vector<double>& sorted, Permille p);

struct Moments {
  double mean = 0, sd = 0;  ///< sd over n - 1, 0 for one value
  double cv() const { return mean > 0 ? sd / mean : 0; }
};
/// @param values not empty
Moments moments(const std::vector<double>& values);

struct Interval {
  double lo = 0, hi = 0;
};
struct Confidence {
  Interval mean, p50;  ///< 95 %
};
/// Moving-block bootstrap (Kuensch 1989): blocks of ceil(cbrt(n)) neighbours keep what depends on
/// the order of the run, 2,000 resamples, percentiles 2.5 and 97.5 of their means and medians.
/// Equal seeds give equal intervals on every machine.
/// @param values in the order of the run, not empty
Confidence bootstrap(const std::vector<double>& values, uint64_t seed);

/// Block length for n values: the least b with b^3 >= n.
int64_t block_length(int64_t n);

}  // namespace vl::bench
