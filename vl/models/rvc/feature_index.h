#pragma once

#include "vl/core/fields.h"
#include "vl/models/registry.h"
#include "vl/nn/module.h"

namespace vl::models::rvc {

/// Sizes of a feature index; they are those of the file.
struct FeatureIndexConfig {
  int64_t dim = 768;    ///< width of the features: 256 for v1 voices, 768 for v2
  int64_t lists = 1;    ///< cells of the inverted file; 1 for a flat index
  int64_t vectors = 0;  ///< stored features
  int64_t nprobe = 1;   ///< cells that are searched, nearest first
};

void describe(FeatureIndexConfig& config, Fields& fields);
/// @throws Error(kBadWeights) when the sizes contradict each other
void validate(const FeatureIndexConfig& config);

/// Nearest stored features of every query.
struct Neighbours {
  static constexpr int64_t kCount = 8;
  at::Tensor ids;     ///< int64 [F, 8], nearest first; -1 where the searched cells hold fewer
  at::Tensor scores;  ///< float32 [F, 8] squared L2 distances; 3.4028235e38 where the id is -1
  at::Tensor rows;    ///< int64 [F, 8] positions in `vectors`; 0 where the id is -1
};

/// The features of a voice's training speech (a faiss ".index" file: IVF,Flat or Flat, metric L2),
/// with the search and the blend of RVC. Buffers: centroids [n, d], list_sizes [n], vectors [N, d]
/// grouped by list, ids [N].
class FeatureIndex : public nn::Module {
 public:
  explicit FeatureIndex(const FeatureIndexConfig& config);
  const FeatureIndexConfig& config() const { return config_; }
  /// @throws Error(kBadWeights) when the list sizes do not add up to the vectors
  void loaded() override;

  /// features [F, d] float32. @throws Error(kIndexMismatch) for another width
  Neighbours search(const at::Tensor& features) const;

  /// Mean of the neighbours' vectors with the weights (1 / score)^2: since scores are squared
  /// distances, 1/d^4. An exact hit (score 0) stands alone; a query without a neighbour keeps its
  /// own feature. @return [F, d]
  at::Tensor mean(const at::Tensor& features, const Neighbours& neighbours) const;

  /// rate * mean + (1 - rate) * features. features [F, d], rate 0..1
  at::Tensor blend(const at::Tensor& features, double rate) const;

 private:
  class Best;
  void scan(const at::Tensor& q, int64_t cell, const std::vector<int64_t>& who,
            std::vector<Best>& best) const;

  FeatureIndexConfig config_;
  at::Tensor centroids_, list_sizes_, vectors_, ids_;
  std::vector<int64_t> begin_;  ///< first row of every list, and the end
};

/// Role "rvc-index", arch "ivf_flat": faiss files (container "faiss").
ModelClass feature_index_class();

}  // namespace vl::models::rvc
