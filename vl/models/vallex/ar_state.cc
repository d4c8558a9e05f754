#include "vl/models/vallex/ar_state.h"

#include <algorithm>

#include <ATen/ATen.h>

namespace vl::models::vallex {

namespace {

constexpr int64_t kFirstRoom = 64;  // rows of a sequence's own buffers beside a shared prompt

}  // namespace

void ArState::reserve(int64_t count) {
  for (LayerCache& layer : layers) {
    if (layer.keys.size(2) >= count) return;
    std::vector<int64_t> sizes = layer.keys.sizes().vec();
    sizes[2] = std::max(count, 2 * sizes[2]);
    for (at::Tensor* t : {&layer.keys, &layer.values}) {
      at::Tensor larger = at::empty(sizes, t->options());
      larger.narrow(2, 0, rows).copy_(t->narrow(2, 0, rows));
      *t = larger;
    }
  }
}

void ArState::expand(int64_t count) {
  if (!in_place || !shared.empty()) {
    for (LayerCache& layer : layers) {
      layer.keys = layer.keys.repeat({count, 1, 1, 1});
      layer.values = layer.values.repeat({count, 1, 1, 1});
    }
    return;
  }
  shared = std::move(layers);
  shared_rows = rows;
  rows = 0;
  layers.clear();
  for (const LayerCache& layer : shared) {
    const std::vector<int64_t> sizes = {count, heads, kFirstRoom, layer.keys.size(3)};
    layers.push_back({layer.keys.new_empty(sizes), layer.values.new_empty(sizes)});
  }
}

void ArState::unshare() {
  if (shared.empty()) return;
  const auto whole = [&](const at::Tensor& prompt, const at::Tensor& own) {
    const at::Tensor first = prompt.narrow(2, 0, shared_rows);
    return at::cat({first.expand({own.size(0), -1, -1, -1}), own.narrow(2, 0, rows)}, 2);
  };
  for (size_t i = 0; i < layers.size(); ++i)
    layers[i] = {whole(shared[i].keys, layers[i].keys), whole(shared[i].values, layers[i].values)};
  shared.clear();
  rows += shared_rows;
  shared_rows = 0;
}

ArState ArState::copy() const {
  ArState out = *this;
  for (LayerCache& layer : out.layers) layer = {layer.keys.clone(), layer.values.clone()};
  return out;
}

void ArState::drop(int64_t count) {
  rows -= count;
  positions -= count;
}

}  // namespace vl::models::vallex
