#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace vl::models::vallex {

/// What the sampler does to the logits before a draw. The defaults change nothing.
struct SamplingOptions {
  double temperature = 1.0;  ///< above 0
  int64_t top_k = 0;         ///< 0 or below: off
  double top_p = 1.0;        ///< 1 and above: off
};

/// @throws Error(kBadValue) for a temperature that is not above 0 or numbers that are not finite
void validate(const SamplingOptions& options);

/// Probabilities after temperature, top-k (removes logits strictly below the k-th largest, so ties
/// stay) and top-p (keeps, in descending order, every class up to and including the first whose
/// cumulative probability exceeds top_p; equal ones in class order). Computed in double.
/// @param logits [B, V] float32
/// @return [B, V] float64 on the CPU; removed classes are 0
/// @throws Error(kBadValue) for NaN, or a row with nothing above -infinity
at::Tensor filtered_probabilities(const at::Tensor& logits, const SamplingOptions& options);

/// Philox4x32-10 (Salmon et al. 2011): four words for a key and a counter.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// Number in [0, 1) with 53 random bits: key = seed, counter = (sequence, step).
double uniform_draw(uint64_t seed, uint64_t sequence, uint64_t step);

/// The class in which `u` falls, classes in order (inverse of the cumulative sum).
/// @param probabilities V numbers that sum to about 1
int64_t class_at(const double* probabilities, int64_t count, double u);

/// Rows that are sampled side by side from one prompt, and their scores.
class RowScores {
 public:
  /// @param prefix tokens every row starts with: prompt frames and BOS
  RowScores(int64_t rows, int64_t prefix);

  bool alive(int64_t row) const { return alive_[static_cast<size_t>(row)]; }
  bool all_ended() const;
  /// One draw of every row: rows that have ended keep kEos and score nothing.
  /// @return the tokens to append
  std::vector<int64_t> draw(const std::vector<int64_t>& classes,
                            const std::vector<double>& log_probs);
  /// The tokens of the last draw become part of the rows.
  void append(const std::vector<int64_t>& tokens);

  /// Takes back the last `count` frames of a row that has not ended.
  void cut(int64_t row, int64_t count);

  /// Sum of log-probabilities / (tokens other than kEos)^penalty.
  double score(int64_t row, double length_penalty) const;
  int64_t best(double length_penalty) const;
  double log_prob(int64_t row) const { return sums_[static_cast<size_t>(row)]; }
  /// Tokens other than kEos, the prefix included.
  int64_t length(int64_t row) const;
  /// The row's frames, without kEos.
  const std::vector<int64_t>& frames(int64_t row) const {
    return frames_[static_cast<size_t>(row)];
  }

 private:
  int64_t prefix_;
  std::vector<bool> alive_;
  std::vector<double> sums_;
  std::vector<std::vector<double>> log_probs_;  // of every draw
  std::vector<std::vector<int64_t>> frames_;
};

}  // namespace vl::models::vallex
