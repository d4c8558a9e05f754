#include "vl/bench/validity.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "vl/core/error.h"
#include "vl/core/fields.h"

namespace vl::bench {

namespace {

constexpr double kDriftBetweenThirds = 1.10, kSpread = 0.10, kNoise = 0.025;

using Remarks = std::vector<Remark>;

template <class... Args>
void add(Remarks& out, const char* code, fmt::format_string<Args...> format, Args&&... args) {
  out.push_back({code, fmt::format(format, std::forward<Args>(args)...)});
}

std::vector<double> sorted(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values;
}

void check_stability(const std::vector<double>& latencies, Remarks& out) {
  if (latencies.size() < 3) return;
  std::vector<double> medians;
  for (size_t third = 0; third < 3; ++third) {
    const size_t n = latencies.size();
    const auto at = [&](size_t part) {
      return latencies.begin() + static_cast<std::ptrdiff_t>(n * part / 3);
    };
    medians.push_back(percentile(sorted({at(third), at(third + 1)}), 500));
  }
  const auto [low, high] = std::minmax_element(medians.begin(), medians.end());
  const std::vector<double> all = sorted(latencies);
  const double middle = percentile(all, 500);
  const double spread = (percentile(all, 750) - percentile(all, 250)) / middle;
  if (*high > kDriftBetweenThirds * *low)
    add(out, "unstable",
        "the medians of the three thirds of the run differ by a factor of {:.3f}, above {}: stop "
        "other work on the machine, or warm up longer",
        *high / *low, kDriftBetweenThirds);
  else if (spread > kSpread)
    add(out, "unstable",
        "half of the latencies spread over {:.1f} % of their median, above {:.0f} %: stop other "
        "work on the machine",
        100 * spread, 100 * kSpread);
}

}  // namespace

const std::vector<Profile>& profiles() {
  static const std::vector<Profile> all = {{.name = "smoke", .count = 11},
                                           {"standard", 64, 10, 900},
                                           {"full", 662, 60, 990},
                                           {"mlperf", 662, 600, 990}};
  return all;
}

const Profile& find_profile(const std::string& name) {
  std::vector<std::string> names;
  for (const Profile& p : profiles()) {
    if (p.name == name) return p;
    names.push_back(p.name);
  }
  const std::string near = nearest_name(name, names);
  fail(Code::kBadValue, "profile cannot be \"{}\"; it is one of {}{}", name, fmt::join(names, " "),
       near.empty() ? "" : "; did you mean \"" + near + "\"?");
}

std::vector<Remark> invalid_reasons(const RunFacts& run, const Profile& profile) {
  Remarks out;
  const auto n = static_cast<int64_t>(run.latencies_ms.size());
  if (run.duration_s < profile.duration_s)
    add(out, "min_duration", "the timed region lasted {:.2f} s, profile {} needs {} s: run longer",
        run.duration_s, profile.name, profile.duration_s);
  if (n < profile.count)
    add(out, "min_count", "{} queries succeeded, profile {} needs {}: run longer", n, profile.name,
        profile.count);
  if (!early_stopping_rank(n, profile.headline))
    add(out, "early_stopping", "{} queries are too few for p{}, which needs {}: run longer", n,
        static_cast<double>(profile.headline) / 10, least_count(profile.headline));
  if (!run.warm)
    add(out, "warmup",
        "the medians of the last two groups of three warm-up queries still differed by more than "
        "10 %: stop other work on the machine");
  check_stability(run.latencies_ms, out);
  if (run.errors > 0)
    add(out, "errors", "{} of {} queries failed, the first one with: {}", run.errors,
        n + run.errors, run.first_error);
  if (!run.accuracy)
    add(out, "accuracy", "there is no accuracy run of this configuration, so no gate was passed");
  else if (!*run.accuracy)
    add(out, "accuracy", "the accuracy run of this configuration missed its gate");
  return out;
}

std::vector<Remark> warnings(const RunFacts& run) {
  Remarks out;
  if (!run.latencies_ms.empty())
    if (const double cv = moments(run.latencies_ms).cv(); cv > kNoise)
      add(out, "noisy", "standard deviation / mean is {:.3f}, above {}", cv, kNoise);
  if (run.dirty) add(out, "dirty_build", "the program was built from a tree with changes");
  return out;
}

std::string codes(const std::vector<Remark>& remarks) {
  std::string out;
  for (const Remark& r : remarks) out += (out.empty() ? "" : ";") + r.code;
  return out;
}

}  // namespace vl::bench
