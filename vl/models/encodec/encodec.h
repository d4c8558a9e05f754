#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vl/core/fields.h"
#include "vl/models/registry.h"
#include "vl/models/taps.h"
#include "vl/nn/layers.h"

namespace vl::models::encodec {

/// Sizes of an EnCodec (Defossez et al. 2022); the defaults are encodec_24khz.
struct EncodecConfig {
  int64_t dim = 128;                           ///< channels between encoder, quantiser and decoder
  int64_t filters = 32;                        ///< channels at the sample rate
  std::vector<int64_t> ratios = {8, 5, 4, 2};  ///< from the decoder's side
  int64_t lstm_layers = 2;
  int64_t codebooks = 32, codebook_size = 1024;
  int64_t sample_rate = 24000;

  /// Samples a frame: 320.
  int64_t hop() const;
};

void describe(EncodecConfig& config, Fields& fields);

/// One piece of a SEANet; pieces that are absent from the sequence are ELU(1).
class Block : public nn::Module {
 public:
  /// x [B, C, T]
  virtual at::Tensor operator()(const at::Tensor& x) const = 0;
};

/// The "model" of encoder or decoder: children by the numbers of the public code.
class Sequence : public nn::Module {
 public:
  explicit Sequence(int64_t length) : length_(length) {}
  template <class B, class... Args>
  void add(int64_t index, Args&&... args) {
    blocks_[index] = child<B>(std::to_string(index), std::forward<Args>(args)...);
  }
  /// @param prefix of the names in taps: "encoder.", "decoder."
  at::Tensor operator()(const at::Tensor& x, const char* prefix, Taps* taps) const;

 private:
  int64_t length_;
  std::map<int64_t, std::shared_ptr<Block>> blocks_;
};

struct Codes {
  at::Tensor codes;    ///< [B, K, F] int64
  at::Tensor encoder;  ///< [B, dim, F], the quantiser's input
  at::Tensor margins;  ///< [B, K, F] float64: second smallest minus smallest squared distance
};

/// EnCodec at 24 kHz: causal convolutions with reflect padding, residual vector quantisation. Keys
/// are those of the public state dict, weight norm folded; of the codebooks only `embed` is kept.
class Encodec : public nn::Module {
 public:
  explicit Encodec(const EncodecConfig& config);
  const EncodecConfig& config() const { return config_; }

  /// @param wave [B, 1, T] float32 at config().sample_rate, T >= 1
  /// @param books codebooks to use: 2, 4, 8, 16, 32 for 1.5, 3, 6, 12, 24 kbps
  /// @param with_margins also gives the margins
  /// @param taps encoder.I of every piece
  /// @return F = ceil(T / hop) frames
  /// @throws Error(kBadValue) for a wave that is empty or not finite, or more books than the file
  /// has
  Codes encode(const at::Tensor& wave, int64_t books, bool with_margins = false,
               Taps* taps = nullptr) const;

  /// @param codes [B, K, F] int64
  /// @param taps quantized, decoder.I
  /// @return [B, 1, hop F], not clipped
  /// @throws Error(kBadValue) for codes outside a codebook, no frames, or more books than the file
  /// has
  at::Tensor decode(const at::Tensor& codes, Taps* taps = nullptr) const;

 private:
  const at::Tensor& book(int64_t k) const { return books_[static_cast<size_t>(k)]; }

  EncodecConfig config_;
  std::shared_ptr<Sequence> encoder_, decoder_;
  std::vector<at::Tensor> books_;
};

/// Role "codec", arch "encodec": encodec_24khz-*.th and fills.
ModelClass encodec_class();

}  // namespace vl::models::encodec
