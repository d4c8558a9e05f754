#include "vl/models/rmvpe/rmvpe.h"

#include <ATen/ATen.h>

#include "vl/core/allocator.h"
#include "vl/core/error.h"
#include "vl/nn/large_tensor.h"

namespace vl::models::rmvpe {

void describe(RmvpeConfig& c, Fields& f) {
  f.add("levels", &c.levels, "encoder and decoder levels").range(1, 7);
  f.add("blocks", &c.blocks, "residual blocks of a level").range(1, 16);
  f.add("inter_layers", &c.inter_layers, "levels between encoder and decoder").range(1, 16);
  f.add("base_channels", &c.base_channels, "channels of the first level").range(1, 64);
  f.add("in_channels", &c.in_channels, "channels of the input").range(1, 1);
  f.add("out_channels", &c.out_channels, "channels of the last convolution").range(1, 64);
  f.add("n_mels", &c.n_mels, "mel bands").range(1, 1024);
  f.add("gru_hidden", &c.gru_hidden, "width of one direction of the GRU").range(1, 4096);
  f.add("gru_layers", &c.gru_layers, "layers of the GRU").range(1, 8);
  f.add("bins", &c.bins, "pitch bins").range(1, 4096);
}

void validate(const RmvpeConfig& c) {
  if (c.n_mels % (int64_t{1} << c.levels) != 0)
    fail(Code::kUnsupportedVariant, "RMVPE: {} mel bands cannot be halved {} times", c.n_mels,
         c.levels);
}

namespace {

/// Norms are folded into copies of the weights where signals are large and weights are small.
constexpr int64_t kFoldChannels = 128;
constexpr int64_t kTileRows = 512;   // 4 MB of a signal at every level of the public size; even
constexpr int64_t kLongCall = 2048;  // frames

nn::Conv2dOptions conv3x3(int64_t in, int64_t out, bool bias = false) {
  return {.in = in, .out = out, .kernel = {3, 3}, .padding = {1, 1}, .bias = bias};
}

/// A numbered sequence with holes where the public network has modules without weights.
class Sequence : public nn::Module {
 public:
  using nn::Module::child;
};

at::Tensor run(const Blocks& blocks, const at::Tensor& x) {
  at::Tensor y = x;
  for (const auto& block : blocks) y = (*block)(y);
  return y;
}

/// f(begin, end) for all rows of a level in tiles, so that signals stay in the cache and memory
/// does not grow with them; a row of f's result depends on `halo` rows at each side.
template <class F>
at::Tensor in_tiles(int64_t rows, int64_t halo, const F& f) {
  if (rows <= kTileRows) return f(0, rows);
  at::Tensor out;
  for (int64_t begin = 0; begin < rows; begin += kTileRows) {
    const int64_t end = std::min(rows, begin + kTileRows), low = std::max<int64_t>(begin - halo, 0),
                  high = std::min(end + halo, rows);
    const at::Tensor part = f(low, high);
    if (!out.defined())
      out = nn::large_tensor({part.size(0), part.size(1), rows, part.size(3)}, part.scalar_type(),
                             at::MemoryFormat::ChannelsLast);
    out.slice(2, begin, end).copy_(part.slice(2, begin - low, end - low));
  }
  return out;
}

int64_t reach(const Blocks& blocks) { return 2 * static_cast<int64_t>(blocks.size()); }

}  // namespace

ResidualBlock::ResidualBlock(int64_t in, int64_t out) {
  const auto conv = child<Sequence>("conv");
  conv0_ = conv->child<nn::Conv2d>("0", conv3x3(in, out));
  norm1_ = conv->child<nn::BatchNorm>("1", out);
  conv3_ = conv->child<nn::Conv2d>("3", conv3x3(out, out));
  norm4_ = conv->child<nn::BatchNorm>("4", out);
  if (in != out)
    shortcut_ =
        child<nn::Conv2d>("shortcut", nn::Conv2dOptions{.in = in, .out = out, .kernel = {1, 1}});
}

void ResidualBlock::loaded() {
  if (path() != nn::Path::kFused || conv0_->weight.size(0) > kFoldChannels) return;
  folded0_ = nn::fold_norm(conv0_->weight, *norm1_, 0);
  folded3_ = nn::fold_norm(conv3_->weight, *norm4_, 0);
}

at::Tensor ResidualBlock::operator()(const at::Tensor& x) const {
  if (folded0_.first.defined() && fused(x)) {
    at::Tensor y = at::conv2d(x, folded0_.first, folded0_.second, 1, 1).relu_();
    y = at::conv2d(y, folded3_.first, folded3_.second, 1, 1).relu_();
    return y.add_(shortcut_ ? (*shortcut_)(x) : x);
  }
  at::Tensor y = (*norm1_)((*conv0_)(x)).relu_();
  y = (*norm4_)((*conv3_)(y)).relu_();
  return y.add_(shortcut_ ? (*shortcut_)(x) : x);
}

EncoderLevel::EncoderLevel(int64_t in, int64_t out, int64_t blocks) {
  conv_ = child<Blocks>("conv");
  for (int64_t i = 0; i < blocks; ++i) conv_->add(i == 0 ? in : out, out);
}

at::Tensor EncoderLevel::operator()(const at::Tensor& x) const {
  if (!fused(x)) return run(*conv_, x);
  return in_tiles(x.size(2), reach(*conv_),
                  [&](int64_t begin, int64_t end) { return run(*conv_, x.slice(2, begin, end)); });
}

Encoder::Encoder(const RmvpeConfig& c) {
  bn_ = child<nn::BatchNorm>("bn", c.in_channels);
  layers_ = child<nn::ListOf<EncoderLevel>>("layers");
  for (int64_t i = 0; i < c.levels; ++i)
    layers_->add(i == 0 ? c.in_channels : c.base_channels << (i - 1), c.base_channels << i,
                 c.blocks);
}

at::Tensor Encoder::operator()(const at::Tensor& x, std::vector<at::Tensor>& skips,
                               Taps* taps) const {
  at::Tensor y = (*bn_)(x);
  keep(taps, "encoder.bn", y);
  // The layout passes on through every convolution; it saves their reordering.
  if (fused(y)) y = y.contiguous(at::MemoryFormat::ChannelsLast);
  for (size_t i = 0; i < layers_->size(); ++i) {
    skips.push_back((*layers_)[i](y));
    y = at::avg_pool2d(skips.back(), 2);
    keep(taps, "encoder." + std::to_string(i), y);
  }
  return y;
}

Intermediate::Intermediate(const RmvpeConfig& c) {
  layers_ = child<nn::ListOf<EncoderLevel>>("layers");
  const int64_t out = c.base_channels << c.levels;
  for (int64_t i = 0; i < c.inter_layers; ++i) layers_->add(i == 0 ? out / 2 : out, out, c.blocks);
}

at::Tensor Intermediate::operator()(const at::Tensor& x) const {
  at::Tensor y = x;
  for (const auto& layer : *layers_) y = (*layer)(y);
  return y;
}

DecoderLevel::DecoderLevel(int64_t in, int64_t out, int64_t blocks) {
  const auto conv1 = child<Sequence>("conv1");
  up_ = conv1->child<nn::ConvTranspose2d>("0", nn::ConvTranspose2dOptions{.in = in,
                                                                          .out = out,
                                                                          .kernel = {3, 3},
                                                                          .stride = {2, 2},
                                                                          .padding = {1, 1},
                                                                          .output_padding = {1, 1},
                                                                          .bias = false});
  norm_ = conv1->child<nn::BatchNorm>("1", out);
  conv2_ = child<Blocks>("conv2");
  for (int64_t i = 0; i < blocks; ++i) conv2_->add(i == 0 ? 2 * out : out, out);
}

void DecoderLevel::loaded() {
  if (path() == nn::Path::kFused && up_->weight.size(1) <= kFoldChannels)
    folded_ = nn::fold_norm(up_->weight, *norm_, 1);
}

at::Tensor DecoderLevel::upsample(const at::Tensor& x) const {
  if (!folded_.first.defined() || !fused(x)) return (*norm_)((*up_)(x)).relu_();
  return at::conv_transpose2d(x, folded_.first, folded_.second, /*stride=*/2, /*padding=*/1,
                              /*output_padding=*/1)
      .relu_();
}

at::Tensor DecoderLevel::operator()(const at::Tensor& x, const at::Tensor& skip) const {
  if (!fused(x)) return run(*conv2_, at::cat({upsample(x), skip}, 1));
  // Two rows more for the upsampling at the end of a tile; tiles and halo are even.
  return in_tiles(skip.size(2), reach(*conv2_) + 2, [&](int64_t begin, int64_t end) {
    return run(*conv2_,
               at::cat({upsample(x.slice(2, begin / 2, end / 2)), skip.slice(2, begin, end)}, 1));
  });
}

Decoder::Decoder(const RmvpeConfig& c) {
  layers_ = child<nn::ListOf<DecoderLevel>>("layers");
  for (int64_t i = c.levels; i > 0; --i)
    layers_->add(c.base_channels << i, c.base_channels << (i - 1), c.blocks);
}

at::Tensor Decoder::operator()(const at::Tensor& x, const std::vector<at::Tensor>& skips,
                               Taps* taps) const {
  at::Tensor y = x;
  for (size_t i = 0; i < layers_->size(); ++i) {
    y = (*layers_)[i](y, skips[skips.size() - 1 - i]);
    keep(taps, "decoder." + std::to_string(i), y);
  }
  return y;
}

Unet::Unet(const RmvpeConfig& c) {
  encoder_ = child<Encoder>("encoder", c);
  intermediate_ = child<Intermediate>("intermediate", c);
  decoder_ = child<Decoder>("decoder", c);
}

at::Tensor Unet::operator()(const at::Tensor& x, Taps* taps) const {
  std::vector<at::Tensor> skips;
  const at::Tensor y = (*intermediate_)((*encoder_)(x, skips, taps));
  keep(taps, "intermediate", y);
  return (*decoder_)(y, skips, taps);
}

Rmvpe::Rmvpe(const RmvpeConfig& c) : config_(c) {
  validate(c);
  unet_ = child<Unet>("unet", c);
  cnn_ = child<nn::Conv2d>("cnn", conv3x3(c.base_channels, c.out_channels, /*bias=*/true));
  const auto fc = child<Sequence>("fc");
  gru_ =
      fc->child<Sequence>("0")->child<nn::Rnn>("gru", nn::RnnKind::kGru, c.out_channels * c.n_mels,
                                               c.gru_hidden, c.gru_layers, /*bidirectional=*/true);
  linear_ = fc->child<nn::Linear>("1", 2 * c.gru_hidden, c.bins);
}

at::Tensor Rmvpe::salience(const at::Tensor& mel, Taps* taps) const {
  if (mel.dim() != 3 || mel.size(1) != config_.n_mels || mel.size(2) == 0)
    fail(Code::kBadValue, "the f0 model wants a mel [B,{},T], not [{}]", config_.n_mels,
         fmt::join(mel.sizes(), ","));
  const int64_t frames = mel.size(2), multiple = int64_t{1} << config_.levels,
                padded = (frames + multiple - 1) / multiple * multiple;
  at::Tensor x = at::constant_pad_nd(mel, {0, padded - frames}).transpose(1, 2).unsqueeze(1);
  // What the stages of a long call leave to each other would add up, window after window.
  const auto tidy = [frames] {
    if (frames > kLongCall) release_freed_memory();
  };
  x = (*unet_)(x.contiguous(), taps);
  tidy();
  x = (*cnn_)(x);  // [B, out, T, n_mels]
  keep(taps, "cnn", x);
  tidy();
  x = (*gru_)(x.transpose(1, 2).flatten(2));
  keep(taps, "fc.0", x);
  tidy();
  x = (*linear_)(x);
  keep(taps, "fc.1", x);
  return at::sigmoid(x).slice(1, 0, frames);
}

}  // namespace vl::models::rmvpe
