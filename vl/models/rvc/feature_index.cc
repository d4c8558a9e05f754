#include "vl/models/rvc/feature_index.h"

#include <algorithm>
#include <array>
#include <limits>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "vl/models/manifest.h"
#include "vl/models/model_class.h"

namespace vl::models::rvc {

using weights::Checkpoint;

namespace {

constexpr int64_t kQueryBlock = 1024;
constexpr int64_t kScanAll = 512;    // larger lists are thinned out by a matrix product first
constexpr int64_t kCandidates = 32;  // what is left then, scored exactly
constexpr float kNoScore = std::numeric_limits<float>::max();

/// Squared distance; the lanes keep the sum exact to a few ulp and let it be vectorised.
float squared_distance(const float* a, const float* b, int64_t n) {
  std::array<float, 16> lane = {};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (size_t k = 0; k < 16; ++k) {
      const float e = a[i + static_cast<int64_t>(k)] - b[i + static_cast<int64_t>(k)];
      lane[k] += e * e;
    }
  float sum = 0.f;
  for (; i < n; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  for (float v : lane) sum += v;
  return sum;
}

/// |q - v|^2 - |q|^2 for all pairs: the order of the rows of v for each query. [Q, V]
at::Tensor relative_distance(const at::Tensor& q, const at::Tensor& v) {
  return at::addmm(v.square().sum(1), q, v.t(), /*beta=*/1, /*alpha=*/-2);
}

}  // namespace

void describe(FeatureIndexConfig& c, Fields& f) {
  f.add("dim", &c.dim, "width of the features").range(1, 65536);
  f.add("lists", &c.lists, "cells of the inverted file").range(1, 1e9);
  f.add("vectors", &c.vectors, "stored features").range(0, 1e12);
  f.add("nprobe", &c.nprobe, "cells that are searched").range(1, 1e9);
}

void validate(const FeatureIndexConfig& c) {
  if (c.nprobe > c.lists)
    fail(Code::kBadWeights, "the index searches {} of {} lists", c.nprobe, c.lists);
}

/// The best rows found so far for one query, nearest first; of equal scores the first row.
class FeatureIndex::Best {
 public:
  void offer(float score, int64_t row) {
    if (!(score < score_.back())) return;
    size_t i = score_.size() - 1;
    for (; i > 0 && score < score_[i - 1]; --i) {
      score_[i] = score_[i - 1];
      row_[i] = row_[i - 1];
    }
    score_[i] = score;
    row_[i] = row;
  }
  void store(const int64_t* ids, int64_t* out_id, float* out_score, int64_t* out_row) const {
    for (size_t i = 0; i < score_.size(); ++i) {
      out_id[i] = row_[i] < 0 ? -1 : ids[row_[i]];
      out_score[i] = score_[i];
      out_row[i] = std::max<int64_t>(row_[i], 0);
    }
  }

 private:
  static constexpr auto kSize = static_cast<size_t>(Neighbours::kCount);
  static std::array<float, kSize> no_scores() {
    std::array<float, kSize> out;
    out.fill(kNoScore);
    return out;
  }
  std::array<float, kSize> score_ = no_scores();
  std::array<int64_t, kSize> row_ = {-1, -1, -1, -1, -1, -1, -1, -1};
};

FeatureIndex::FeatureIndex(const FeatureIndexConfig& c) : config_(c) {
  validate(c);
  centroids_ = buffer("centroids", at::zeros({c.lists, c.dim}));
  list_sizes_ = buffer("list_sizes", at::zeros({c.lists}, at::kLong));
  vectors_ = buffer("vectors", at::zeros({c.vectors, c.dim}));
  ids_ = buffer("ids", at::zeros({c.vectors}, at::kLong));
}

void FeatureIndex::loaded() {
  begin_ = {0};
  const int64_t* sizes = list_sizes_.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < config_.lists; ++i) {
    if (sizes[i] < 0 || sizes[i] > config_.vectors - begin_.back())
      fail(Code::kBadWeights, "list {} of the index has {} vectors, {} are left", i, sizes[i],
           config_.vectors - begin_.back());
    begin_.push_back(begin_.back() + sizes[i]);
  }
  if (begin_.back() != config_.vectors)
    fail(Code::kBadWeights, "the lists of the index hold {} vectors of {}", begin_.back(),
         config_.vectors);
}

/// Offers the vectors of one cell to the queries `who` (rows of q) that search it.
void FeatureIndex::scan(const at::Tensor& q, int64_t cell, const std::vector<int64_t>& who,
                        std::vector<Best>& best) const {
  const int64_t begin = begin_[static_cast<size_t>(cell)], dim = config_.dim,
                size = begin_[static_cast<size_t>(cell) + 1] - begin;
  at::Tensor near;  // [who, kCandidates] rows of this cell, in ascending order
  if (size > kScanAll) {
    const at::Tensor asking = q.index_select(0, at::tensor(who, at::kLong));
    const at::Tensor distance = relative_distance(asking, vectors_.slice(0, begin, begin + size));
    near = std::get<1>(at::topk(distance, kCandidates, 1, /*largest=*/false));
    near = std::get<0>(near.sort(1)).contiguous();
  }
  const int64_t offers = near.defined() ? kCandidates : size;
  const float* query = q.const_data_ptr<float>();
  const float* vectors = vectors_.const_data_ptr<float>();
  at::parallel_for(0, static_cast<int64_t>(who.size()), 8, [&](int64_t from, int64_t to) {
    for (int64_t w = from; w < to; ++w) {
      const int64_t i = who[static_cast<size_t>(w)];
      for (int64_t k = 0; k < offers; ++k) {
        const int64_t row =
            begin + (near.defined() ? near.const_data_ptr<int64_t>()[w * kCandidates + k] : k);
        best[static_cast<size_t>(i)].offer(
            squared_distance(query + i * dim, vectors + row * dim, dim), row);
      }
    }
  });
}

Neighbours FeatureIndex::search(const at::Tensor& features) const {
  if (features.dim() != 2 || features.size(1) != config_.dim)
    fail(Code::kIndexMismatch, "index has {} columns, model needs {}", config_.dim,
         features.size(features.dim() - 1));
  const at::Tensor queries = features.to(at::kCPU, at::kFloat).contiguous();
  const int64_t count = queries.size(0);
  Neighbours out{at::empty({count, Neighbours::kCount}, at::kLong),
                 at::empty({count, Neighbours::kCount}),
                 at::empty({count, Neighbours::kCount}, at::kLong)};
  for (int64_t block = 0; block < count; block += kQueryBlock) {
    const at::Tensor q = queries.slice(0, block, block + kQueryBlock);
    const at::Tensor cells = std::get<1>(
        at::topk(relative_distance(q, centroids_), config_.nprobe, 1, /*largest=*/false));
    // Queries by the cell they search, so that a large cell's product is made once.
    std::map<int64_t, std::vector<int64_t>> members;
    for (int64_t i = 0; i < cells.numel(); ++i)
      members[cells.const_data_ptr<int64_t>()[i]].push_back(i / config_.nprobe);
    std::vector<Best> best(static_cast<size_t>(q.size(0)));
    for (const auto& [cell, who] : members) scan(q, cell, who, best);
    for (int64_t i = 0; i < q.size(0); ++i) {
      const int64_t at = (block + i) * Neighbours::kCount;
      best[static_cast<size_t>(i)].store(
          ids_.const_data_ptr<int64_t>(), out.ids.data_ptr<int64_t>() + at,
          out.scores.data_ptr<float>() + at, out.rows.data_ptr<int64_t>() + at);
    }
  }
  return out;
}

at::Tensor FeatureIndex::mean(const at::Tensor& features, const Neighbours& n) const {
  at::Tensor out = features.to(at::kCPU, at::kFloat).clone();
  const int64_t dim = config_.dim;
  const float* vectors = vectors_.const_data_ptr<float>();
  at::parallel_for(0, out.size(0), 64, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t at = i * Neighbours::kCount;
      const int64_t* row = n.rows.const_data_ptr<int64_t>() + at;
      const float* score = n.scores.const_data_ptr<float>() + at;
      if (score[0] == kNoScore) continue;
      std::array<double, static_cast<size_t>(Neighbours::kCount)> weight = {};
      double sum = 0;
      for (size_t k = 0; k < weight.size(); ++k) {
        if (score[k] == kNoScore) continue;
        // The nearest one's distance as the unit keeps the weights of tiny distances finite.
        const double relative = score[0] > 0 ? double{score[0]} / double{score[k]} : (k == 0);
        sum += weight[k] = relative * relative;
      }
      float* y = out.data_ptr<float>() + i * dim;
      for (int64_t j = 0; j < dim; ++j) {
        double value = 0;
        for (size_t k = 0; k < weight.size(); ++k)
          if (weight[k] > 0) value += weight[k] * double{vectors[row[k] * dim + j]};
        y[j] = static_cast<float>(value / sum);
      }
    }
  });
  return out.to(features.device());
}

at::Tensor FeatureIndex::blend(const at::Tensor& features, double rate) const {
  return mean(features, search(features)) * rate + features * (1.0 - rate);
}

namespace {

bool recognise(const Checkpoint& c) {
  return c.container == "faiss" ||
         (c.root.find("list_sizes") != nullptr && c.root.find("centroids") != nullptr);
}

ModelFile import_index(const Checkpoint& c) {
  if (!recognise(c))
    throw Error(Code::kWrongModelKind, fmt::format("{} is no feature index", c.file),
                Where{.file = c.file}, {"give the .index file that belongs to the voice"});
  ModelFile out{.role = "rvc-index", .arch = "ivf_flat", .config = {}, .tensors = c.root.tensors()};
  FeatureIndexConfig config;
  config.lists = size_of(out.tensors, "centroids", 2, 0);
  config.dim = size_of(out.tensors, "centroids", 2, 1);
  config.vectors = out.tensors.at("vectors").size(0);
  if (const weights::Value* nprobe = c.root.find("nprobe")) config.nprobe = nprobe->integer(1);
  out.config = config_to_json(config);
  return out;
}

}  // namespace

ModelClass feature_index_class() {
  return model_class<FeatureIndex, FeatureIndexConfig>("rvc-index", "ivf_flat", recognise,
                                                       import_index);
}

}  // namespace vl::models::rvc
