#include "vl/dsp/f0_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::dsp {

namespace {

constexpr double kMaxSeconds = 1e6, kMaxHz = 20000.0;
constexpr float kFramesPerSecond = 100.0f;
constexpr std::string_view kMark = "\xEF\xBB\xBF", kBlanks = " \t\r\v\f";
constexpr char kHint[] = "write one \"seconds,hz\" a line, in the order of time";

std::string_view trimmed(std::string_view s) {
  const size_t from = s.find_first_not_of(kBlanks);
  if (from == std::string_view::npos) return {};
  return s.substr(from, s.find_last_not_of(kBlanks) - from + 1);
}

bool parse_number(std::string_view s, double& value) {
  s = trimmed(s);
  // from_chars knows no plus sign, and must not see "+-1".
  if (s.size() > 1 && s[0] == '+' && s[1] != '-') s.remove_prefix(1);
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  return error == std::errc{} && end == s.data() + s.size();
}

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  void add(std::string_view line) {
    ++number_;
    line = trimmed(line);
    if (line.empty()) return;
    const size_t comma = line.find(',');
    double seconds = 0, hz = 0;
    if (comma == std::string_view::npos || !parse_number(line.substr(0, comma), seconds) ||
        !parse_number(line.substr(comma + 1), hz))
      refuse("is not \"seconds,hz\"");
    if (!(std::abs(seconds) <= kMaxSeconds)) refuse("has a time out of range");
    if (!(hz >= 0.0 && hz <= kMaxHz)) refuse("has a pitch outside of 0..20000 Hz");
    if (!curve_.seconds.empty() && seconds < curve_.seconds.back())
      refuse("has a time before that of the line above it");
    curve_.seconds.push_back(seconds);
    curve_.hz.push_back(hz);
  }

  F0Curve finish() {
    if (curve_.seconds.empty())
      throw Error(Code::kBadValue, "the f0 file holds no pitch", Where{.file = name_}, {kHint});
    return std::move(curve_);
  }

 private:
  [[noreturn]] void refuse(const char* why) const {
    throw Error(Code::kBadValue, fmt::format("line {} of the f0 file {}", number_, why),
                Where{.file = name_, .line = number_}, {kHint});
  }

  std::string name_;
  long number_ = 0;
  F0Curve curve_;
};

/// Linear between the points, held beyond them; where times are equal the last of them counts.
double interpolate(const std::vector<double>& x, const std::vector<double>& y, double at) {
  const auto after = std::upper_bound(x.begin(), x.end(), at);
  if (after == x.begin()) return y.front();
  const size_t left = after - x.begin() - 1;
  if (left + 1 == x.size() || x[left] == at) return y[left];
  const double slope = (y[left + 1] - y[left]) / (x[left + 1] - x[left]);
  return slope * (at - x[left]) + y[left];
}

}  // namespace

F0Curve parse_f0_file(const std::string& text, const std::string& name) {
  std::string_view rest = text;
  if (rest.substr(0, kMark.size()) == kMark) rest.remove_prefix(kMark.size());
  Reader reader(name);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    reader.add(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return reader.finish();
}

void replace_f0(at::Tensor& f0, const F0Curve& curve, int64_t first_frame) {
  check(f0.dim() == 1 && f0.scalar_type() == at::kDouble, Code::kBadValue,
        "the pitch to replace must be one row of float64");
  check(first_frame >= 0, Code::kBadValue, "the first frame to replace is negative");
  check(!curve.seconds.empty() && curve.seconds.size() == curve.hz.size(), Code::kBadValue,
        "the pitch curve is empty or its columns differ in length");
  std::vector<double> frames, hz;
  for (double s : curve.seconds) frames.push_back(static_cast<float>(s) * kFramesPerSecond);
  for (double h : curve.hz) hz.push_back(static_cast<float>(h));
  const float length =
      static_cast<float>(curve.seconds.back()) - static_cast<float>(curve.seconds.front());
  const auto wanted = static_cast<int64_t>(std::nearbyint(length * kFramesPerSecond + 1.0f));
  const int64_t count = std::min(wanted, f0.size(0) - first_frame);
  auto to = f0.accessor<double, 1>();
  for (int64_t i = 0; i < count; ++i)
    to[first_frame + i] = interpolate(frames, hz, static_cast<double>(i));
}

}  // namespace vl::dsp
