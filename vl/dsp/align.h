#pragma once

#include <ATen/core/Tensor.h>

namespace vl::dsp {

struct Alignment {
  at::Tensor
      path;  ///< [T] int64, the symbol of each frame: starts at 0, ends at S - 1, steps 0 or 1
  at::Tensor dur;  ///< [S] int64, frames of each symbol, every one above 0
};

/// Monotonic alignment search (Kim et al. 2020; Badlani et al. 2021): the path of the largest sum
/// of log-probabilities, in float32; a tie goes diagonally. One symbol takes all frames.
/// @param log_attn [T, S] natural log of the soft alignment, frames by symbols; -inf is allowed
/// @throws Error(kBadValue) for an empty matrix, fewer frames than symbols, NaN or +inf
Alignment monotonic_align(const at::Tensor& log_attn);

/// Beta-binomial prior, direct form: row i = 1..mel_len over columns j = 0..text_len - 1 is
/// pmf(j; n = text_len, a = i, b = mel_len + 1 - i), not renormalised.
/// @return [mel_len, text_len] float64
/// @throws Error(kBadValue) for lengths below 1
at::Tensor beta_binomial_prior(int64_t text_len, int64_t mel_len);

/// The prior of the public training path: sizes rounded to multiples of 100 frames and 20 symbols,
/// the roles of both exchanged in the pmf, resized linearly with aligned corners.
at::Tensor interpolated_prior(int64_t text_len, int64_t mel_len);

}  // namespace vl::dsp
