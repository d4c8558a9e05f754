#include "vl/models/rvc/text_encoder.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>

namespace vl::models::rvc {

namespace {

constexpr int64_t kQueryBlock = 128;
constexpr int64_t kPitchBins = 256;

nn::Conv1dOptions same(int64_t in, int64_t out, int64_t kernel) {
  return {.in = in, .out = out, .kernel = kernel, .padding = kernel / 2};
}

/// The elements (i, begin + i + r) of the last two dimensions of `scores` [N, Q, T + 2 window], as
/// a writable view [N, Q, 2 window + 1].
at::Tensor band(const at::Tensor& scores, int64_t begin, int64_t width) {
  return scores.as_strided({scores.size(0), scores.size(1), width},
                           {scores.stride(0), scores.stride(1) + 1, 1},
                           scores.storage_offset() + begin);
}

}  // namespace

BandAttention::BandAttention(const RvcConfig& c) : heads_(c.heads), window_(c.window) {
  const int64_t head = c.hidden / c.heads;
  emb_rel_k_ = parameter("emb_rel_k", {1, 2 * c.window + 1, head});
  emb_rel_v_ = parameter("emb_rel_v", {1, 2 * c.window + 1, head});
  conv_q_ = child<nn::Conv1d>("conv_q", same(c.hidden, c.hidden, 1));
  conv_k_ = child<nn::Conv1d>("conv_k", same(c.hidden, c.hidden, 1));
  conv_v_ = child<nn::Conv1d>("conv_v", same(c.hidden, c.hidden, 1));
  conv_o_ = child<nn::Conv1d>("conv_o", same(c.hidden, c.hidden, 1));
}

/// Queries q [N, Q, d] of the frames begin.. against k and v [N, T + 2 window, d], which carry
/// `window` rows of zeros at both ends: the band then never leaves the matrix.
/// @param scores_room, p_room for N * Q * (T + 2 window) floats
at::Tensor BandAttention::attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 int64_t begin, const at::Tensor& scores_room,
                                 const at::Tensor& p_room) const {
  const int64_t columns = k.size(1), frames = columns - 2 * window_, width = 2 * window_ + 1;
  const auto matrix = [&](const at::Tensor& room) {
    return room.slice(0, 0, q.size(0) * q.size(1) * columns).view({q.size(0), q.size(1), columns});
  };
  at::Tensor scores = matrix(scores_room), p = matrix(p_room);
  at::bmm_out(scores, q, k.transpose(1, 2));
  band(scores, begin, width).add_(at::matmul(q, emb_rel_k_[0].t()));
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  scores.slice(2, 0, window_).fill_(kNever);
  scores.slice(2, window_ + frames).fill_(kNever);
  at::_softmax_out(p, scores, -1, /*half_to_float=*/false);
  return at::bmm(p, v).add_(at::matmul(band(p, begin, width), emb_rel_v_[0]));
}

at::Tensor BandAttention::operator()(const at::Tensor& x) const {
  const int64_t batch = x.size(0), frames = x.size(2);
  const auto split = [&](const at::Tensor& t) {  // [B, hidden, T] -> [B heads, T, d]
    return t.reshape({batch * heads_, -1, frames}).transpose(1, 2);
  };
  const auto padded = [&](const at::Tensor& t) {
    return at::constant_pad_nd(split(t), {0, 0, window_, window_});
  };
  const at::Tensor k = padded((*conv_k_)(x)), v = padded((*conv_v_)(x));
  at::Tensor q = split((*conv_q_)(x));
  q = q / std::sqrt(static_cast<double>(q.size(2)));
  // Room that all blocks share: allocated anew it would scatter over the heap.
  const int64_t room = k.size(0) * std::min(kQueryBlock, frames) * k.size(1);
  const at::Tensor scores = at::empty({room}, q.options()), p = at::empty_like(scores);
  at::Tensor out = at::empty({k.size(0), frames, q.size(2)}, q.options());
  for (int64_t begin = 0; begin < frames; begin += kQueryBlock)
    out.slice(1, begin, begin + kQueryBlock)
        .copy_(attend(q.slice(1, begin, begin + kQueryBlock), k, v, begin, scores, p));
  return (*conv_o_)(out.transpose(1, 2).reshape(x.sizes()));
}

FeedForward::FeedForward(const RvcConfig& c) {
  conv_1_ = child<nn::Conv1d>("conv_1", same(c.hidden, c.filter, c.kernel));
  conv_2_ = child<nn::Conv1d>("conv_2", same(c.filter, c.hidden, c.kernel));
}

at::Tensor FeedForward::operator()(const at::Tensor& x) const {
  return (*conv_2_)((*conv_1_)(x).relu_());
}

at::Tensor ChannelNorm::operator()(const at::Tensor& x) const {
  return nn::LayerNorm::operator()(x.transpose(1, 2)).transpose(1, 2);
}

EncoderLayers::EncoderLayers(const RvcConfig& c) {
  attn_layers_ = child<nn::ListOf<BandAttention>>("attn_layers");
  norm_layers_1_ = child<nn::ListOf<ChannelNorm>>("norm_layers_1");
  ffn_layers_ = child<nn::ListOf<FeedForward>>("ffn_layers");
  norm_layers_2_ = child<nn::ListOf<ChannelNorm>>("norm_layers_2");
  for (int64_t i = 0; i < c.layers; ++i) {
    attn_layers_->add(c);
    norm_layers_1_->add(c.hidden);
    ffn_layers_->add(c);
    norm_layers_2_->add(c.hidden);
  }
}

at::Tensor EncoderLayers::operator()(const at::Tensor& x) const {
  at::Tensor y = x;
  for (size_t i = 0; i < attn_layers_->size(); ++i) {
    y = (*norm_layers_1_)[i](y + (*attn_layers_)[i](y));
    y = (*norm_layers_2_)[i](y + (*ffn_layers_)[i](y));
  }
  return y;
}

TextEncoder::TextEncoder(const RvcConfig& c) : hidden_(c.hidden) {
  emb_phone_ = child<nn::Linear>("emb_phone", c.feature_dim, c.hidden);
  if (c.f0) emb_pitch_ = child<nn::Embedding>("emb_pitch", kPitchBins, c.hidden);
  encoder_ = child<EncoderLayers>("encoder", c);
  proj_ = child<nn::Conv1d>("proj", same(c.hidden, 2 * c.inter, 1));
}

Prior TextEncoder::operator()(const at::Tensor& phone, const at::Tensor& pitch, Taps* taps) const {
  at::Tensor x = (*emb_phone_)(phone);
  if (emb_pitch_) x = x + (*emb_pitch_)(pitch);
  x = at::leaky_relu(x * std::sqrt(static_cast<double>(hidden_)), 0.1);
  x = (*encoder_)(x.transpose(1, 2));
  keep(taps, "encoder", x);
  const std::vector<at::Tensor> stats = (*proj_)(x).chunk(2, 1);
  return {stats[0], stats[1]};
}

}  // namespace vl::models::rvc
