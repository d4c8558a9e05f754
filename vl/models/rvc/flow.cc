#include "vl/models/rvc/flow.h"

#include <ATen/ATen.h>

namespace vl::models::rvc {

namespace {

constexpr int kCouplings = 4;

nn::Conv1dOptions pointwise(int64_t in, int64_t out) { return {.in = in, .out = out, .kernel = 1}; }

}  // namespace

GatedStack::GatedStack(const RvcConfig& c) : hidden_(c.hidden) {
  in_layers_ = child<nn::ListOf<nn::Conv1d>>("in_layers");
  res_skip_layers_ = child<nn::ListOf<nn::Conv1d>>("res_skip_layers");
  cond_layer_ = child<nn::Conv1d>("cond_layer", pointwise(c.gin, 2 * c.hidden * c.flow_layers));
  for (int64_t i = 0; i < c.flow_layers; ++i) {
    in_layers_->add(nn::Conv1dOptions{.in = c.hidden,
                                      .out = 2 * c.hidden,
                                      .kernel = c.flow_kernel,
                                      .padding = c.flow_kernel / 2});
    res_skip_layers_->add(pointwise(c.hidden, i + 1 < c.flow_layers ? 2 * c.hidden : c.hidden));
  }
}

at::Tensor GatedStack::operator()(const at::Tensor& h, const at::Tensor& g) const {
  const at::Tensor cond = (*cond_layer_)(g);
  const size_t layers = in_layers_->size();
  at::Tensor x = h, skip;
  for (size_t i = 0; i < layers; ++i) {
    const int64_t at = static_cast<int64_t>(i) * 2 * hidden_;
    const at::Tensor a = (*in_layers_)[i](x).add_(cond.slice(1, at, at + 2 * hidden_));
    const at::Tensor gate = at::tanh(a.slice(1, 0, hidden_)) * at::sigmoid(a.slice(1, hidden_));
    const at::Tensor rs = (*res_skip_layers_)[i](gate);
    const bool last = i + 1 == layers;
    const at::Tensor more = last ? rs : rs.slice(1, hidden_);
    skip = skip.defined() ? skip + more : more;
    if (!last) x = x + rs.slice(1, 0, hidden_);
  }
  return skip;
}

Coupling::Coupling(const RvcConfig& c) : config_(c) {
  pre_ = child<nn::Conv1d>("pre", pointwise(c.inter / 2, c.hidden));
  enc_ = child<GatedStack>("enc", c);
  post_ = child<nn::Conv1d>("post", pointwise(c.hidden, c.inter / 2));
}

void Coupling::loaded() {
  if (path() != nn::Path::kFused || !FusedCoupling::fits(config_)) return;
  const auto all = named_parameters();
  fused_ = std::make_unique<FusedCoupling>(
      config_, [&](const std::string& key) { return all[key].detach(); });
}

at::Tensor Coupling::inverse(const at::Tensor& x, const at::Tensor& g) const {
  const std::vector<at::Tensor> half = x.chunk(2, 1);
  if (fused_ && x.size(0) == 1 && fused(x)) {
    const at::Tensor shift =
        (*fused_)(half[0][0].t().contiguous(), enc_->condition(g).flatten()).t().unsqueeze(0);
    return at::cat({half[0], half[1] - shift}, 1);
  }
  return at::cat({half[0], half[1] - (*post_)((*enc_)((*pre_)(half[0]), g))}, 1);
}

Flow::Flow(const RvcConfig& c) {
  flows_ = child<nn::ListOf<Coupling>>("flows");
  for (int i = 0; i < kCouplings; ++i) flows_->add_named(std::to_string(2 * i), c);
}

int64_t Flow::reach(const RvcConfig& c) { return kCouplings * c.flow_layers * (c.flow_kernel / 2); }

at::Tensor Flow::inverse(const at::Tensor& x, const at::Tensor& g) const {
  at::Tensor y = x;
  for (size_t i = flows_->size(); i-- > 0;) y = (*flows_)[i].inverse(y.flip(1), g);
  return y;
}

}  // namespace vl::models::rvc
