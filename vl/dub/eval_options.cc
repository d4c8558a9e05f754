#include "vl/dub/eval_options.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "vl/core/error.h"
#include "vl/core/names.h"

namespace vl::dub {

namespace {

std::vector<std::string> metric_names() {
  std::vector<std::string> out;
  for (const EvalMetric& m : eval_metrics()) out.emplace_back(m.name);
  return out;
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(' '), end = text.find_last_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

/// 97.5 % quantile of Student's t.
double student_t(int64_t freedom) {
  static const double kSmall[] = {12.706, 4.303, 3.182, 2.776, 2.571,
                                  2.447,  2.365, 2.306, 2.262, 2.228};
  if (freedom <= 10) return kSmall[freedom - 1];
  const double z = 1.959964, n = static_cast<double>(freedom);
  return z + (std::pow(z, 3) + z) / (4 * n) +
         (5 * std::pow(z, 5) + 16 * std::pow(z, 3) + 3 * z) / (96 * n * n);
}

}  // namespace

void describe(EvalOptions& o, Fields& f) {
  f.add("metrics", &o.metrics, "figures to compute; empty: all whose model is there")
      .one_of(metric_names());
  f.add("gate", &o.gate, "limit of a mean, \"lse_c>=5\" (also <= > <); several are all to be met")
      .literal();
  f.add("out", &o.out, "figures of each item, one line of JSON an item").alias({"o"});
}

const std::vector<EvalMetric>& eval_metrics() {
  static const std::vector<EvalMetric> all = {{"lse_d", "lse"},
                                              {"lse_c", "lse"},
                                              {"av_offset_ms", "lse"},
                                              {"sync_cosine", "syncnet"},
                                              {"sync_offset", "syncnet"}};
  return all;
}

bool EvalGate::holds(double value) const {
  if (op == ">=") return value >= limit;
  if (op == "<=") return value <= limit;
  return op == ">" ? value > limit : value < limit;
}

EvalGate parse_gate(const std::string& expr) {
  const auto wrong = [&] {
    fail(Code::kBadValue, "--gate is \"{}\"; it takes METRIC>=NUMBER, or <= > <", expr);
  };
  const size_t at = expr.find_first_of("<>");
  if (at == std::string::npos) wrong();
  EvalGate out{.expr = expr, .metric = trimmed(expr.substr(0, at)), .op = expr.substr(at, 1)};
  size_t number = at + 1;
  if (number < expr.size() && expr[number] == '=') out.op += expr[number++];
  const std::string value = trimmed(expr.substr(number));
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), out.limit);
  if (problem != std::errc() || end != value.data() + value.size() || !std::isfinite(out.limit))
    wrong();
  const auto names = metric_names();
  if (std::find(names.begin(), names.end(), out.metric) == names.end())
    throw unknown_name("metric", out.metric, names,
                       fmt::format("metrics there are: {}", fmt::join(names, " ")));
  return out;
}

EvalMean mean_of(const std::vector<double>& values) {
  EvalMean out{.mean = 0, .ci95 = {}, .n = static_cast<int64_t>(values.size())};
  const auto n = static_cast<double>(values.size());
  for (const double v : values) out.mean += v / n;
  if (values.size() < 2) return out;
  double squares = 0;
  for (const double v : values) squares += (v - out.mean) * (v - out.mean);
  const double half = student_t(out.n - 1) * std::sqrt(squares / (n - 1) / n);
  out.ci95 = {out.mean - half, out.mean + half};
  return out;
}

}  // namespace vl::dub
