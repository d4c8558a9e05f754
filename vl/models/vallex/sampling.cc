#include "vl/models/vallex/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/vallex/config.h"

namespace vl::models::vallex {

namespace {

constexpr float kOff = -std::numeric_limits<float>::infinity();

/// Softmax in double; classes at -infinity get 0.
void softmax(const std::vector<float>& logits, double* out) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) sum += out[i] = std::exp(logits[i] - top);
  for (size_t i = 0; i < logits.size(); ++i) out[i] /= sum;
}

void keep_top_k(std::vector<float>& logits, int64_t k) {
  if (k <= 0 || k >= static_cast<int64_t>(logits.size())) return;
  std::vector<float> sorted = logits;
  std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end(), std::greater<>());
  const float least = sorted[static_cast<size_t>(k - 1)];
  for (float& x : logits)
    if (x < least) x = kOff;
}

void keep_top_p(std::vector<float>& logits, double p, double* scratch) {
  if (p >= 1.0) return;
  softmax(logits, scratch);
  std::vector<size_t> order(logits.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return logits[a] > logits[b]; });
  double sum = 0;
  bool full = false;
  for (size_t i : order) {
    if (full) logits[i] = kOff;
    sum += scratch[i];
    full = full || sum > p;
  }
}

}  // namespace

void validate(const SamplingOptions& o) {
  if (!std::isfinite(o.temperature) || o.temperature <= 0)
    fail(Code::kBadValue, "temperature is {}, wanted a number above 0", o.temperature);
  if (std::isnan(o.top_p)) fail(Code::kBadValue, "top_p is {}, wanted a number", o.top_p);
}

at::Tensor filtered_probabilities(const at::Tensor& logits, const SamplingOptions& options) {
  validate(options);
  check(logits.dim() == 2, Code::kBadValue, "logits must have two dimensions, [rows, classes]");
  const at::Tensor in = logits.to(at::kCPU, at::kFloat).contiguous();
  at::Tensor out = at::zeros(in.sizes(), at::kDouble);
  const auto classes = static_cast<size_t>(in.size(1));
  check(classes > 0, Code::kBadValue, "logits have no classes");
  const auto temperature = static_cast<float>(options.temperature);
  std::vector<float> row(classes);
  for (int64_t b = 0; b < in.size(0); ++b) {
    const float* from = in.const_data_ptr<float>() + b * in.size(1);
    double* to = out.mutable_data_ptr<double>() + b * in.size(1);
    std::transform(from, from + classes, row.begin(), [&](float x) { return x / temperature; });
    for (float x : row)
      if (std::isnan(x) || x == -kOff) fail(Code::kBadValue, "logits hold NaN or infinity");
    if (*std::max_element(row.begin(), row.end()) == kOff)
      fail(Code::kBadValue, "every class of row {} is switched off", b);
    keep_top_k(row, options.top_k);
    keep_top_p(row, options.top_p, to);
    softmax(row, to);
  }
  return out;
}

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> c, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * c[0], b = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ key[0], static_cast<uint32_t>(b),
         static_cast<uint32_t>(a >> 32) ^ c[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return c;
}

double uniform_draw(uint64_t seed, uint64_t sequence, uint64_t step) {
  const auto low = [](uint64_t x) { return static_cast<uint32_t>(x); };
  const auto high = [](uint64_t x) { return static_cast<uint32_t>(x >> 32); };
  const auto words =
      philox({low(step), high(step), low(sequence), high(sequence)}, {low(seed), high(seed)});
  const uint64_t bits = (uint64_t{words[0]} << 32 | words[1]) >> 11;
  return static_cast<double>(bits) * 0x1p-53;
}

int64_t class_at(const double* probabilities, int64_t count, double u) {
  double sum = 0;
  int64_t last = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (probabilities[i] <= 0) continue;
    last = i;
    sum += probabilities[i];
    if (u < sum) break;
  }
  return last;
}

RowScores::RowScores(int64_t rows, int64_t prefix)
    : prefix_(prefix),
      alive_(static_cast<size_t>(rows), true),
      sums_(static_cast<size_t>(rows), 0.0),
      log_probs_(static_cast<size_t>(rows)),
      frames_(static_cast<size_t>(rows)) {}

bool RowScores::all_ended() const {
  return std::none_of(alive_.begin(), alive_.end(), [](bool alive) { return alive; });
}

std::vector<int64_t> RowScores::draw(const std::vector<int64_t>& classes,
                                     const std::vector<double>& log_probs) {
  std::vector<int64_t> tokens(classes.size(), kEos);
  for (size_t row = 0; row < classes.size(); ++row) {
    if (!alive_[row]) continue;
    tokens[row] = classes[row];
    sums_[row] += log_probs[row];
    log_probs_[row].push_back(log_probs[row]);
    if (classes[row] == kEos) alive_[row] = false;
  }
  return tokens;
}

void RowScores::append(const std::vector<int64_t>& tokens) {
  for (size_t row = 0; row < tokens.size(); ++row)
    if (tokens[row] != kEos) frames_[row].push_back(tokens[row]);
}

void RowScores::cut(int64_t row, int64_t count) {
  const auto i = static_cast<size_t>(row);
  frames_[i].resize(frames_[i].size() - static_cast<size_t>(count));
  log_probs_[i].resize(frames_[i].size());
  sums_[i] = std::accumulate(log_probs_[i].begin(), log_probs_[i].end(), 0.0);
}

int64_t RowScores::length(int64_t row) const {
  return prefix_ + static_cast<int64_t>(frames_[static_cast<size_t>(row)].size());
}

double RowScores::score(int64_t row, double length_penalty) const {
  return log_prob(row) / std::pow(static_cast<double>(length(row)), length_penalty);
}

int64_t RowScores::best(double length_penalty) const {
  int64_t best = 0;
  for (int64_t row = 1; row < static_cast<int64_t>(sums_.size()); ++row)
    if (score(row, length_penalty) > score(best, length_penalty)) best = row;
  return best;
}

}  // namespace vl::models::vallex
