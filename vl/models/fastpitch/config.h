#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vl/core/fields.h"

namespace vl::models::fastpitch {

/// Sizes of one stack of feed-forward transformer blocks.
struct FftConfig {
  int64_t n_layers = 6;
  int64_t n_heads = 1;
  int64_t d_head = 64;
  int64_t conv1d_kernel_size = 3;
  int64_t conv1d_filter_size = 1536;
};

/// Sizes of one predictor (duration, pitch or energy).
struct PredictorConfig {
  int64_t n_layers = 2;
  int64_t kernel_size = 3;
  int64_t filter_size = 256;
};

/// Configuration of FastPitch 1.1. Keys are the constructor arguments of the public class; the
/// second half comes from the training set-up stored beside them. Defaults are the public file's.
struct FastPitchConfig {
  int64_t n_mel_channels = 80;
  int64_t n_symbols = 148;
  int64_t padding_idx = 0;
  int64_t symbols_embedding_dim = 384;
  FftConfig encoder;  ///< keys in_fft_*
  FftConfig decoder;  ///< keys out_fft_*
  PredictorConfig duration, pitch, energy;
  int64_t pitch_embedding_kernel_size = 3;
  int64_t energy_embedding_kernel_size = 3;
  bool energy_conditioning = true;
  int64_t n_speakers = 1;
  double speaker_emb_weight = 1.0;

  int64_t sampling_rate = 22050;
  int64_t filter_length = 1024;
  int64_t hop_length = 256;
  int64_t win_length = 1024;
  double mel_fmin = 0.0;
  double mel_fmax = 8000.0;
  double max_wav_value = 32768.0;
  std::string symbol_set = "english_basic";
  std::vector<std::string> text_cleaners = {"english_cleaners_v2"};
  double p_arpabet = 1.0;
};

void describe(FastPitchConfig& config, Fields& fields);

}  // namespace vl::models::fastpitch
