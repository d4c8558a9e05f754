#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vl/models/vallex/config.h"
#include "vl/models/vallex/projection.h"
#include "vl/nn/layers.h"

namespace vl::models::vallex {

/// A table under the public key "word_embeddings.weight".
class TokenEmbedding : public nn::Module {
 public:
  TokenEmbedding(int64_t rows, int64_t dim);
  at::Tensor operator()(const at::Tensor& ids) const { return (*table_)(ids); }
  const at::Tensor& weight() const { return table_->weight; }

 private:
  std::shared_ptr<nn::Embedding> table_;
};

/// Rows [start, start + count) of the sinusoidal position table: even columns sin, odd columns cos
/// of p exp(-2 i ln(10000) / dim), float32 throughout.
/// @return [count, dim]
at::Tensor position_rows(int64_t start, int64_t count, int64_t dim);

/// y = x + alpha * position. The table has 4000 rows; later ones are computed when asked for.
class Position : public nn::Module {
 public:
  explicit Position(int64_t dim);
  /// x [..., T, dim]; the first row has position `start`.
  at::Tensor operator()(const at::Tensor& x, int64_t start = 0) const;

 private:
  at::Tensor alpha_, table_;
};

/// Weight and bias of one LayerNorm, adaptive ones with their stage folded in.
struct NormWeights {
  at::Tensor weight, bias;
};

/// LayerNorm with the keys weight and bias, or AdaptiveLayerNorm with the keys project_layer.* and
/// norm.*: w * LN(x) + b, where (w, b) are the halves of project_layer(stage embedding).
class Norm : public nn::Module {
 public:
  Norm(int64_t dim, bool adaptive);
  /// @param stage [dim], the stage embedding; unused without adaptation
  NormWeights resolve(const at::Tensor& stage) const;
  /// Lets go of the weights that adapt: resolve() must have been called for every stage.
  void release();

 private:
  at::Tensor weight_, bias_;
  std::shared_ptr<nn::Linear> project_;
  std::shared_ptr<nn::LayerNorm> norm_;
};

/// Keys and values of one layer: buffers [B, heads, capacity, dim / heads], float32 or bfloat16.
struct LayerCache {
  at::Tensor keys, values;
};

/// How rows see each other.
struct Sight {
  int64_t heads = 1;
  /// Prefix LM: the first `prefix` rows see each other, later ones see them and earlier rows. Below
  /// 0: every row sees every row.
  int64_t prefix = -1;
  /// Rows that the cache already holds; new rows then see all of it.
  int64_t cached = 0;
  /// Rows from here on are wanted; the ones before are only seen.
  int64_t first = 0;
};

/// Packed self-attention: in_proj_weight [3 dim, dim] gives q, k, v in this order.
class SelfAttention : public nn::Module {
 public:
  explicit SelfAttention(int64_t dim);
  /// @param x [B, T, dim]
  /// @param cache null, or receives the keys and values of the T rows behind `sight.cached`
  /// @return [B, T - sight.first, dim]
  at::Tensor operator()(const at::Tensor& x, const Sight& sight, LayerCache* cache) const;
  const Projection& in() const { return in_; }
  const Projection& out() const { return out_; }
  void set_precision(nn::Precision precision) override;

 private:
  Projection in_, out_;
};

/// A pre-norm transformer layer with ReLU.
class Layer : public nn::Module {
 public:
  Layer(int64_t dim, int64_t ffn, bool adaptive);
  /// @param x [B, T, dim] @return [B, T - sight.first, dim]
  at::Tensor operator()(const at::Tensor& x, const NormWeights& norm1, const NormWeights& norm2,
                        const Sight& sight, LayerCache* cache) const;
  const Norm& norm1() const { return *norm1_; }
  const Norm& norm2() const { return *norm2_; }
  const SelfAttention& attention() const { return *attention_; }
  const Projection& linear1() const { return linear1_; }
  const Projection& linear2() const { return linear2_; }
  void set_precision(nn::Precision precision) override;

 private:
  std::shared_ptr<SelfAttention> attention_;
  Projection linear1_, linear2_;
  std::shared_ptr<Norm> norm1_, norm2_;
};

/// Layers and a final norm.
class Decoder : public nn::Module {
 public:
  Decoder(int64_t layers, int64_t dim, int64_t ffn, bool adaptive);
  size_t size() const { return layers_->size(); }
  const Layer& layer(size_t i) const { return (*layers_)[i]; }
  const Norm& norm() const { return *norm_; }
  /// norm1 and norm2 of every layer, then the final norm: 2 size() + 1 pairs for one stage.
  std::vector<NormWeights> norms(const at::Tensor& stage) const;
  /// Of the matrices of the layers; norms stay float32.
  void set_precision(nn::Precision precision) override;

 private:
  std::shared_ptr<nn::ListOf<Layer>> layers_;
  std::shared_ptr<Norm> norm_;
};

at::Tensor apply_norm(const NormWeights& norm, const at::Tensor& x);

}  // namespace vl::models::vallex
