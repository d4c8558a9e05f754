#include "vl/bench/host.h"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "vl/core/clock.h"

namespace vl::bench {

namespace {

/// The text behind "KEY" and its colon or equals sign in a file of lines, or empty.
std::string entry(const char* path, const std::string& key, char sign) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const size_t at = line.find(sign);
    if (at == std::string::npos) continue;
    return line.substr(line.find_first_not_of(" \t", at + 1));
  }
  return "";
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

double peak_mib() {
  const std::string kib = entry("/proc/self/status", "VmHWM", ':');
  return kib.empty() ? 0 : std::stod(kib) / 1024;
}

/// "some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS"
std::optional<double> stalled() {
  std::ifstream file("/proc/pressure/cpu");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const size_t at = line.find("total=");
  if (at == std::string::npos) return std::nullopt;
  return std::stod(line.substr(at + 6)) * 1e-6;
}

}  // namespace

HostMeter::Reading HostMeter::read() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  return {now_ms() / 1000, seconds(u.ru_utime) + seconds(u.ru_stime),
          u.ru_minflt,     u.ru_majflt,
          u.ru_nvcsw,      u.ru_nivcsw,
          stalled()};
}

void HostMeter::start() {
  std::ofstream("/proc/self/clear_refs") << "5";
  begin_ = read();
}

void HostMeter::stop() {
  const Reading end = read();
  use_.wall_s += end.wall_s - begin_.wall_s;
  use_.cpu_s += end.cpu_s - begin_.cpu_s;
  use_.minflt += end.minflt - begin_.minflt;
  use_.majflt += end.majflt - begin_.majflt;
  use_.nvcsw += end.nvcsw - begin_.nvcsw;
  use_.nivcsw += end.nivcsw - begin_.nivcsw;
  if (begin_.stalled_s && end.stalled_s)
    use_.stalled_s = use_.stalled_s.value_or(0) + *end.stalled_s - *begin_.stalled_s;
  use_.hwm_mib = std::max(use_.hwm_mib, peak_mib());
}

std::string cpu_name() { return entry("/proc/cpuinfo", "model name", ':'); }

}  // namespace vl::bench
