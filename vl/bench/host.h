#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace vl::bench {

/// What the timed queries of one row cost the host (spec bench.md section 9).
struct HostUse {
  double hwm_mib = 0;  ///< highest resident set during a query, or of the process where the kernel
                       ///< does not reset it
  double wall_s = 0, cpu_s = 0;
  int64_t minflt = 0, majflt = 0, nvcsw = 0, nivcsw = 0;
  std::optional<double> stalled_s;  ///< time some task waited for a CPU (PSI); nothing without it

  double cpu_pct() const { return wall_s > 0 ? 100 * cpu_s / wall_s : 0; }
};

/// Adds up what happens between start() and stop(), process-wide.
class HostMeter {
 public:
  /// Resets the peak of the resident set.
  void start();
  void stop();
  const HostUse& use() const { return use_; }

 private:
  struct Reading {
    double wall_s = 0, cpu_s = 0;
    int64_t minflt = 0, majflt = 0, nvcsw = 0, nivcsw = 0;
    std::optional<double> stalled_s;
  };
  static Reading read();

  Reading begin_;
  HostUse use_;
};

/// "model name" of /proc/cpuinfo, or empty.
std::string cpu_name();

}  // namespace vl::bench
