#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vl/core/fields.h"

namespace vl::dub {

/// The verb eval itself.
struct EvalOptions {
  std::vector<std::string> metrics;  ///< empty: all
  std::vector<std::string> gate;     ///< lse_c>=5
  std::string out;                   ///< figures of each item, JSON lines; empty: none
};
void describe(EvalOptions& o, Fields& f);

/// A figure of an item and the role whose model it needs. Offsets are positive where the sound is
/// late.
struct EvalMetric {
  const char* name;
  const char* role;
};

/// lse_d, lse_c, av_offset_ms, sync_cosine, sync_offset (frames of 40 ms), in the order in which
/// they are printed.
const std::vector<EvalMetric>& eval_metrics();

/// A limit for the mean of a metric: NAME, one of >= <= > <, a number.
struct EvalGate {
  std::string expr, metric, op;
  double limit = 0;
  bool holds(double value) const;
};
/// @throws Error(kBadValue) for another form, Error(kUnknownName) for an unknown metric
EvalGate parse_gate(const std::string& expr);

/// Values by metric.
using EvalFigures = std::map<std::string, double>;

/// Mean over items, with the 95 % confidence interval of Student's t from two items on.
struct EvalMean {
  double mean = 0;
  std::optional<std::array<double, 2>> ci95;
  int64_t n = 0;
};
/// @param values at least one
EvalMean mean_of(const std::vector<double>& values);

}  // namespace vl::dub
