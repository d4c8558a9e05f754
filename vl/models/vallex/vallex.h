#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "vl/models/registry.h"
#include "vl/models/taps.h"
#include "vl/models/vallex/ar_state.h"
#include "vl/models/vallex/config.h"
#include "vl/models/vallex/layers.h"
#include "vl/models/vallex/sampling.h"

namespace vl::models::vallex {

/// What the model continues. int64 tensors on any device.
struct LmInput {
  at::Tensor text_tokens;   ///< [S], S >= 1: the prompt's text first
  at::Tensor language_ids;  ///< [S]: en 0, zh 1, ja 2; prompt part: the prompt's language
  at::Tensor prompt_codes;  ///< [P, 8] EnCodec codes of the prompt, P may be 0
  int64_t heads = 0;        ///< attention heads; 0: those of the configuration
};

/// Why the row that was chosen ended.
enum class StoppedBy { kEos, kCap, kFixed, kMaxFrames, kCancelled, kRepetition };
/// "eos", "cap", "fixed", "max_frames", "cancel", "repetition".
const char* name(StoppedBy why);

struct DecodeOptions {
  SamplingOptions sampling;
  bool greedy = false;  ///< argmax in place of a draw; one row
  uint64_t seed = 0;
  uint64_t sequence = 0;  ///< number of the first row in the random stream: tells sentences apart
  int64_t best_of = 1;    ///< rows sampled side by side, 1..64
  double length_penalty = 1.0;
  int64_t fixed_frames = 0;  ///< above 0: exactly so many frames, the end token is off
  int64_t max_frames = 0;    ///< above 0: at most so many frames
  /// N above 0: as soon as the last 2 N frames of a row are a loop (see repeats()), its last N
  /// frames are taken back and drawn again from a sub-sequence of its own. After three such cuts
  /// the next one ends the row, kRepetition; greedy rows, which would only repeat themselves, end
  /// at the first.
  int64_t repetition_guard = 0;
  std::function<bool()> cancelled = {};               ///< polled at every step and pass
  std::function<void(int64_t frames)> progress = {};  ///< after every step
};

/// Whether the last 2 * guard frames are a loop of some period of at most `guard` frames: each of
/// them equals the one a period earlier, as far as that is among them. False for guard 0.
bool repeats(const std::vector<int64_t>& frames, int64_t guard);

struct Decoded {
  at::Tensor tokens;  ///< [N] int64, frames of codebook 0; N may be 0
  StoppedBy stopped_by = StoppedBy::kEos;
  int64_t take = 0;             ///< the chosen row
  double log_prob = 0;          ///< sum over the chosen row's draws
  std::vector<int64_t> draws;   ///< row 0: every draw, the one that ended it included
  std::vector<double> margins;  ///< greedy: best minus second logit of each draw
};

struct NarOptions {
  int64_t prefix_mode = -1;  ///< 0 or 1; below 0: that of the configuration
  std::function<bool()> cancelled = {};
};

struct NarResult {
  at::Tensor codes;   ///< [N, 8] int64, the first column is the input; empty when cancelled
  at::Tensor logits;  ///< [7, N, 1024]; only when asked for
  bool cancelled = false;
};

struct GenerateRequest {
  LmInput input;
  DecodeOptions options;
  int64_t prefix_mode = -1;
};

struct Generated {
  at::Tensor codes;  ///< [N, 8] int64 on the CPU; N may be 0
  StoppedBy stopped_by = StoppedBy::kEos;
  int64_t take = 0;  ///< the chosen row
  double log_prob = 0;
};

/// The norms of every pass of the non-autoregressive stage.
using StageNorms = std::vector<std::vector<NormWeights>>;

/// VALL-E X: text and a voice prompt to EnCodec codes. An autoregressive prefix LM writes codebook
/// 0, then seven passes over the whole sequence write the others. Keys are those of the public
/// state dict. Const after loading; a stream's state is an argument.
class Vallex : public nn::Module {
 public:
  explicit Vallex(const VallexConfig& config);
  const VallexConfig& config() const { return config_; }

  /// Makes what depends on the weights alone: the norms of the seven passes. Loading does it; who
  /// changes weights afterwards calls it again.
  void prepare();
  void loaded() override { prepare(); }

  /// Matrices of both decoders as bfloat16 or int8 with a scale a row, keys and values of the
  /// autoregressive stage as bfloat16; embeddings, norms, biases, heads and the residual stream
  /// stay float32. What adapts the norms to a stage is let go.
  void set_precision(nn::Precision precision) override;
  nn::Precision precision() const { return precision_; }

  /// Runs text, BOS and prompt through the autoregressive stage.
  /// @param logits receives [1, 1025]: the prediction after the prompt
  /// @param taps ar_embed, ar_layerI, ar_norm [S+P+1, dim], ar_layer0_k, ar_layer0_v [heads, S+P+1,
  /// dim / heads]
  /// @throws Error(kBadValue) for empty text, ids outside their tables, heads that do not divide
  /// the width
  ArState prefill(const LmInput& input, at::Tensor* logits, Taps* taps = nullptr) const;

  /// The one row of a state becomes `rows` rows, which share what it holds where the step can read
  /// it in place.
  static void expand(ArState& state, int64_t rows);

  /// One more row. @param tokens [B] int64, 0..1025 @return [B, 1025]
  at::Tensor step(const at::Tensor& tokens, ArState& state) const;

  /// Logits after the prompt and after each of the forced tokens [N], 0..1025: [N + 1, 1025].
  at::Tensor forced_logits(const LmInput& input, const at::Tensor& forced,
                           Taps* taps = nullptr) const;

  /// The same for several states at once, each with its rows [Bi]: their weights are read once for
  /// up to eight rows, and no row's logits depend on the others.
  std::vector<at::Tensor> step_all(const std::vector<at::Tensor>& tokens,
                                   const std::vector<ArState*>& states) const;

  /// The autoregressive stage: draws until a sampled 1024, or 16 S frames.
  Decoded decode(const LmInput& input, const DecodeOptions& options) const;

  /// Several sentences side by side, each as decode() would write it: takes that end leave the
  /// loop. @throws Error(kBadValue) when the counts differ
  std::vector<Decoded> decode_batch(const std::vector<LmInput>& inputs,
                                    const std::vector<DecodeOptions>& options) const;

  /// The non-autoregressive stage.
  /// @param tokens [N] codebook 0
  /// @param with_logits also gives the logits of all passes
  /// @param taps nar_input_stageI, nar_stageI_layerJ, nar_stageI_norm [S+P+N, dim]
  NarResult nar(const LmInput& input, const at::Tensor& tokens, const NarOptions& options,
                bool with_logits = false, Taps* taps = nullptr) const;

  /// decode, then nar.
  Generated generate(const GenerateRequest& request) const;

 private:
  /// The input as int64 on the model's device, its heads resolved.
  LmInput checked(const LmInput& input) const;
  /// [N] int64 on the model's device, each below `limit`.
  at::Tensor checked_tokens(const at::Tensor& tokens, int64_t limit) const;
  at::Tensor text_rows(const TokenEmbedding& text, const TokenEmbedding& language,
                       const Position& position, const LmInput& input) const;
  /// One more row in plain ATen.
  at::Tensor plain_step(const at::Tensor& tokens, ArState& state) const;
  at::Tensor ar_stack(const at::Tensor& x, ArState& state, int64_t prefix, Taps* taps) const;
  /// Norms of the seven passes; made anew when the model has changed device or dtype.
  std::shared_ptr<const StageNorms> stage_norms() const;
  struct NarRows {
    int64_t heads, frames;
  };
  /// @return [1, frames, dim]: the last rows of xy
  at::Tensor nar_pass(size_t pass, const at::Tensor& xy, const NarRows& rows,
                      const std::vector<NormWeights>& norms, Taps* taps) const;

  VallexConfig config_;
  std::shared_ptr<TokenEmbedding> ar_text_, nar_text_, ar_audio_, ar_language_, nar_language_;
  std::shared_ptr<Position> ar_text_position_, ar_audio_position_, nar_text_position_,
      nar_audio_position_;
  std::shared_ptr<Decoder> ar_decoder_, nar_decoder_;
  std::shared_ptr<nn::Linear> ar_predict_;
  std::shared_ptr<nn::ListOf<TokenEmbedding>> nar_audio_, nar_stages_;
  std::shared_ptr<nn::ListOf<nn::Linear>> nar_predict_;
  nn::Precision precision_ = nn::Precision::kFloat32;
  mutable std::mutex norms_mutex_;
  mutable std::shared_ptr<const StageNorms> norms_;
};

/// Role "vallex", arch "vallex": {"model": ...} with or without the trainer's other entries, bare
/// state dicts, fp16 files, fills. `nhead` and `prefix_mode` from the container, or from the JSON
/// beside it.
ModelClass vallex_class();

}  // namespace vl::models::vallex
