#include "vl/models/vallex/fused_decoder.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "vl/kernels/gemv/gemv.h"
#include "vl/kernels/row_attention/row_attention.h"
#include "vl/kernels/team.h"

namespace vl::models::vallex {

using kernels::GemvMatrix;
using kernels::TeamMember;

namespace {

constexpr int64_t kOutputs = 16;  // a thread's part of a product is a multiple of it
constexpr int64_t kSkew = 16;     // floats between rows: equal columns in different cache sets
constexpr float kEps = 1e-5F;

struct Pointers {
  const float *weight, *bias;
};

Pointers pointers(const NormWeights& norm) {
  return {norm.weight.const_data_ptr<float>(), norm.bias.const_data_ptr<float>()};
}

struct LayerPointers {
  Pointers norm1, norm2;
  GemvMatrix in, out, up, down;
};

/// The keys and values of one row of a step in one layer.
struct RowCache {
  kernels::CachedRows pieces[2];
  void *new_key, *new_value;  // of head 0; others follow by the stride of piece 1
};

/// A matrix of activations.
struct Buffer {
  float* data = nullptr;
  int64_t stride = 0;
  float* row(int64_t i) const { return data + i * stride; }
};

/// What the threads of one step share.
class Step {
 public:
  Step(const Decoder& decoder, const Projection& head, const std::vector<StepRow>& rows,
       const at::Tensor& x)
      : rows_(rows),
        count_(static_cast<int64_t>(rows.size())),
        dim_(x.size(1)),
        heads_(rows.front().state->heads),
        width_(dim_ / heads_),
        half_(rows.front().state->layers.front().keys.scalar_type() == at::kBFloat16),
        head_(head.matrix()),
        logits_(at::empty({count_, head_.out})) {
    const std::vector<NormWeights> norms = decoder.norms({});
    for (size_t i = 0; i < decoder.size(); ++i) {
      const Layer& layer = decoder.layer(i);
      layers_.push_back({pointers(norms[2 * i]), pointers(norms[2 * i + 1]),
                         layer.attention().in().matrix(), layer.attention().out().matrix(),
                         layer.linear1().matrix(), layer.linear2().matrix()});
    }
    last_norm_ = pointers(norms.back());
    for (const StepRow& r : rows)
      longest_ = std::max(longest_, r.state->shared_rows + r.state->rows + 1);
    make_room(x);
  }

  void run(const TeamMember& me) const {
    const Buffer normed = {room_ + own_ + me.thread * own_size_, dim_ + kSkew};
    float* scores = normed.data + count_ * normed.stride;
    for (size_t i = 0; i < layers_.size(); ++i) {
      const LayerPointers& layer = layers_[i];
      norm(layer.norm1, normed);
      product(me, layer.in, normed, qkv_, false, false);
      attend(me, i, scores);
      product(me, layer.out, mixed_, x_, false, true);
      norm(layer.norm2, normed);
      product(me, layer.up, normed, inner_, true, false);
      product(me, layer.down, inner_, x_, false, true);
    }
    norm(last_norm_, normed);
    product(me, head_, normed, {logits_.mutable_data_ptr<float>(), head_.out}, false, false);
  }

  const at::Tensor& logits() const { return logits_; }

 private:
  void make_room(const at::Tensor& x) {
    int64_t used = 0;
    const auto take = [&](int64_t width) {
      const Buffer out = {nullptr, width + kSkew};
      used += count_ * out.stride;
      return out;
    };
    x_ = take(dim_);
    qkv_ = take(3 * dim_);
    mixed_ = take(dim_);
    inner_ = take(layers_.front().up.out);
    own_ = used;
    own_size_ = count_ * (dim_ + kSkew) + (longest_ + kSkew) / kSkew * kSkew;
    scratch_ = at::empty({used + kernels::team_threads() * own_size_});
    room_ = scratch_.mutable_data_ptr<float>();
    float* at = room_;
    for (Buffer* b : {&x_, &qkv_, &mixed_, &inner_}) {
      b->data = at;
      at += count_ * b->stride;
    }
    const at::Tensor in = x.contiguous();
    for (int64_t i = 0; i < count_; ++i)
      std::copy_n(in.const_data_ptr<float>() + i * dim_, dim_, x_.row(i));
  }

  /// Every thread normalises all rows for itself: cheaper than waiting for the others.
  void norm(const Pointers& norm, const Buffer& out) const {
    for (int64_t i = 0; i < count_; ++i)
      kernels::layer_norm_row(x_.row(i), dim_, norm.weight, norm.bias, kEps, out.row(i));
  }

  void product(const TeamMember& me, const GemvMatrix& m, const Buffer& in, const Buffer& out,
               bool relu, bool add) const {
    const auto part = me.share(m.out, kOutputs);
    kernels::gemv(m,
                  {.rows = count_,
                   .x = in.data,
                   .ldx = in.stride,
                   .y = out.data,
                   .ldy = out.stride,
                   .relu = relu,
                   .add = add},
                  part.begin, part.end);
    me.wait();
  }

  RowCache cache(int64_t i, size_t layer) const {
    const StepRow& r = rows_[static_cast<size_t>(i)];
    const ArState& s = *r.state;
    const LayerCache& own = s.layers[layer];
    const int64_t stride = own.keys.size(2) * width_, size = half_ ? 2 : 4;
    const auto at = [&](const at::Tensor& t, int64_t row) {
      return static_cast<char*>(t.data_ptr()) + (r.row * heads_ * stride + row * width_) * size;
    };
    RowCache out{.pieces = {{}, {at(own.keys, 0), at(own.values, 0), stride, s.rows + 1}},
                 .new_key = at(own.keys, s.rows),
                 .new_value = at(own.values, s.rows)};
    if (s.shared_rows > 0) {
      const LayerCache& prompt = s.shared[layer];
      out.pieces[0] = {prompt.keys.const_data_ptr(), prompt.values.const_data_ptr(),
                       prompt.keys.size(2) * width_, s.shared_rows};
    }
    return out;
  }

  /// Keeps the new key and value of a head, then its attention: both by the same thread.
  void attend(const TeamMember& me, size_t layer, float* scores) const {
    const auto part = me.share(count_ * heads_, 1);
    for (int64_t job = part.begin; job < part.end; ++job) {
      const int64_t i = job / heads_, head = job % heads_;
      const RowCache c = cache(i, layer);
      const float* key = qkv_.row(i) + dim_ + head * width_;
      keep(key, c.new_key, head * c.pieces[1].head_stride);
      keep(key + dim_, c.new_value, head * c.pieces[1].head_stride);
      kernels::attend_row({.query = qkv_.row(i),
                           .pieces = {c.pieces[0], c.pieces[1]},
                           .bfloat16 = half_,
                           .width = width_,
                           .out = mixed_.row(i)},
                          head, scores);
    }
    me.wait();
  }

  void keep(const float* from, void* to, int64_t skip) const {
    if (half_)
      kernels::to_bfloat16(from, width_, static_cast<uint16_t*>(to) + skip);
    else
      std::copy_n(from, width_, static_cast<float*>(to) + skip);
  }

  const std::vector<StepRow>& rows_;
  int64_t count_, dim_, heads_, width_, longest_ = 0;
  bool half_;
  GemvMatrix head_;
  at::Tensor logits_, scratch_;
  std::vector<LayerPointers> layers_;
  Pointers last_norm_{};
  Buffer x_, qkv_, mixed_, inner_;
  float* room_ = nullptr;
  int64_t own_ = 0, own_size_ = 0;
};

}  // namespace

at::Tensor fused_step(const Decoder& decoder, const Projection& head,
                      const std::vector<StepRow>& rows, const at::Tensor& x) {
  const Step step(decoder, head, rows, x);
  kernels::run_team([&](const TeamMember& me) { step.run(me); });
  return step.logits();
}

}  // namespace vl::models::vallex
