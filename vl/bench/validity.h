#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vl/bench/statistics.h"

namespace vl::bench {

/// A minimum count and a minimum duration, both to be met (spec bench.md section 4).
struct Profile {
  std::string name;
  int64_t count = 0;
  double duration_s = 0;
  Permille headline = 500;  ///< the percentile that the profile exists to print
};
/// smoke standard full mlperf, for scenario `single`.
const std::vector<Profile>& profiles();
/// @throws Error(kBadValue) with the nearest name
const Profile& find_profile(const std::string& name);

/// Why a row is INVALID, or a warning about it: the code of spec bench.md section 6 and one
/// sentence with the figure seen and what to change.
struct Remark {
  std::string code, sentence;
};

/// What is known of a run in which one query was in flight at a time.
struct RunFacts {
  std::vector<double> latencies_ms;  ///< of the queries that succeeded, in the order of the run
  int64_t errors = 0;                ///< queries that failed
  std::string first_error;
  double duration_s = 0;  ///< timed region
  bool warm = true;       ///< warm-up ended by its rule
  bool dirty = false;     ///< built from a tree with changes
  /// The gate of the accuracy run of this configuration; nothing: there was none.
  std::optional<bool> accuracy = {};
};

/// Reasons in the order of the page: min_duration min_count early_stopping warmup unstable errors
/// accuracy. Rows of a single stage are no exception to `accuracy`: a row is valid only with a
/// passed gate (spec precision.md section 11), so until the accuracy run exists every row says so.
/// The other codes need a GPU, a sampler, a matrix or a whole pipeline.
std::vector<Remark> invalid_reasons(const RunFacts& run, const Profile& profile);

/// noisy (cv > 0.025), dirty_build.
std::vector<Remark> warnings(const RunFacts& run);

/// "min_count;errors".
std::string codes(const std::vector<Remark>& remarks);

}  // namespace vl::bench
