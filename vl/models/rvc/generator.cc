#include "vl/models/rvc/generator.h"

#include <cmath>

#include <ATen/ATen.h>

namespace vl::models::rvc {

namespace {

constexpr int64_t kExcitationFrames = 256;
constexpr double kSlope = 0.1, kLastSlope = 0.01;
constexpr int64_t kEdgeKernel = 7;  // of conv_pre and conv_post
constexpr double kSineLevel = 0.1, kVoicedNoise = 0.003, kUnvoicedNoise = kSineLevel / 3;

/// Turns that each frame adds to the phase, in [-0.5, 0.5). hz float64 [B, F].
at::Tensor frame_turns(const at::Tensor& hz, int64_t hop, int64_t sample_rate) {
  const at::Tensor last = (hz / static_cast<double>(sample_rate)) * static_cast<double>(hop);
  return at::fmod(last + 0.5, 1.0) - 0.5;
}

}  // namespace

at::Tensor sine_excitation(const at::Tensor& f0, const at::Tensor& noise, int64_t hop,
                           int64_t sample_rate, double start_turn) {
  const at::Tensor hz = f0.to(at::kDouble), draws = noise.to(at::kFloat);
  const int64_t batch = hz.size(0), frames = hz.size(1);
  const at::Tensor step = at::arange(1, hop + 1, hz.options());
  const at::Tensor before =
      at::constant_pad_nd(frame_turns(hz, hop, sample_rate).slice(1, 0, frames - 1), {1, 0});
  const at::Tensor start = at::fmod(before.cumsum(1) + start_turn, 1.0);
  at::Tensor out = at::empty({batch, frames, hop}, draws.options());
  for (int64_t begin = 0; begin < frames; begin += kExcitationFrames) {  // float64 takes room
    const auto part = [&](const at::Tensor& x) {
      return x.slice(1, begin, begin + kExcitationFrames).unsqueeze(2);
    };
    at::Tensor phase = (part(hz) / static_cast<double>(sample_rate)) * step;  // [B, part, hop]
    phase.add_(part(start));
    // Modulo 1 in float64, so the sine itself can be float32.
    const at::Tensor sine = at::sin(phase.fmod_(1.0).to(at::kFloat) * (2.0 * M_PI));
    const at::Tensor noise_part = part(draws.reshape({batch, frames, hop})).squeeze(2);
    part(out).squeeze(2).copy_(at::where(
        part(hz) > 0, sine * kSineLevel + noise_part * kVoicedNoise, noise_part * kUnvoicedNoise));
  }
  return out.reshape({batch, frames * hop, 1}).to(noise.scalar_type());
}

double end_turn(const at::Tensor& f0, int64_t hop, int64_t sample_rate, double start_turn) {
  const at::Tensor turns = frame_turns(f0.to(at::kDouble), hop, sample_rate);
  const double sum = start_turn + turns.sum().item<double>();
  return sum - std::floor(sum);
}

Source::Source() { l_linear_ = child<nn::Linear>("l_linear", 1, 1); }

at::Tensor Source::operator()(const at::Tensor& sine) const {
  return (*l_linear_)(sine.to(l_linear_->weight.scalar_type())).tanh_();
}

ResidualBlock::ResidualBlock(int64_t channels, int64_t kernel,
                             const std::vector<int64_t>& dilations) {
  convs1_ = child<nn::ListOf<nn::Conv1d>>("convs1");
  convs2_ = child<nn::ListOf<nn::Conv1d>>("convs2");
  for (int64_t dilation : dilations) {
    convs1_->add(nn::Conv1dOptions{.in = channels,
                                   .out = channels,
                                   .kernel = kernel,
                                   .padding = (kernel - 1) / 2 * dilation,
                                   .dilation = dilation});
    convs2_->add(nn::Conv1dOptions{
        .in = channels, .out = channels, .kernel = kernel, .padding = kernel / 2});
  }
}

at::Tensor ResidualBlock::operator()(const at::Tensor& x) const {
  at::Tensor y = x;
  for (size_t i = 0; i < convs1_->size(); ++i) {
    at::Tensor t = (*convs1_)[i](at::leaky_relu(y, kSlope));
    y = (*convs2_)[i](at::leaky_relu_(t, kSlope)).add_(y);
  }
  return y;
}

Generator::Generator(const RvcConfig& c)
    : config_(c), hop_(c.hop()), sample_rate_(c.sample_rate), kernels_(c.resblock_kernels.size()) {
  if (c.f0) {
    m_source_ = child<Source>("m_source");
    noise_convs_ = child<nn::ListOf<nn::Conv1d>>("noise_convs");
  }
  conv_pre_ = child<nn::Conv1d>("conv_pre", nn::Conv1dOptions{.in = c.inter,
                                                              .out = c.upsample_channels,
                                                              .kernel = kEdgeKernel,
                                                              .padding = kEdgeKernel / 2});
  ups_ = child<nn::ListOf<nn::ConvTranspose1d>>("ups");
  resblocks_ = child<nn::ListOf<ResidualBlock>>("resblocks");
  int64_t channels = c.upsample_channels, after = hop_;
  for (size_t i = 0; i < c.upsample_rates.size(); ++i) {
    const int64_t rate = c.upsample_rates[i], kernel = c.upsample_kernels[i];
    ups_->add(nn::ConvTranspose1dOptions{.in = channels,
                                         .out = channels / 2,
                                         .kernel = kernel,
                                         .stride = rate,
                                         .padding = (kernel - rate) / 2});
    channels /= 2;
    after /= rate;
    if (c.f0)
      noise_convs_->add(nn::Conv1dOptions{.in = 1,
                                          .out = channels,
                                          .kernel = after > 1 ? 2 * after : 1,
                                          .stride = after,
                                          .padding = after / 2});
    for (size_t j = 0; j < kernels_; ++j)
      resblocks_->add(channels, c.resblock_kernels[j], c.resblock_dilations[j]);
  }
  conv_post_ = child<nn::Conv1d>("conv_post", nn::Conv1dOptions{.in = channels,
                                                                .out = 1,
                                                                .kernel = kEdgeKernel,
                                                                .padding = kEdgeKernel / 2,
                                                                .bias = false});
  cond_ = child<nn::Conv1d>(
      "cond", nn::Conv1dOptions{.in = c.gin, .out = c.upsample_channels, .kernel = 1});
}

int64_t Generator::reach(const RvcConfig& c) {
  int64_t block = 0;  // samples at each side of the longest residual block
  for (size_t j = 0; j < c.resblock_kernels.size(); ++j) {
    int64_t sum = 0;
    for (int64_t dilation : c.resblock_dilations[j])
      sum += c.resblock_kernels[j] / 2 * (dilation + 1);
    block = std::max(block, sum);
  }
  int64_t samples = kEdgeKernel / 2;
  for (size_t i = c.upsample_rates.size(); i-- > 0;) {
    const int64_t rate = c.upsample_rates[i], around = (c.upsample_kernels[i] - rate) / 2;
    samples = (samples + block + around + rate - 1) / rate;
  }
  return samples + kEdgeKernel / 2;
}

at::Tensor Generator::excitation(const at::Tensor& f0, const at::Tensor& noise,
                                 double start_turn) const {
  return (*m_source_)(sine_excitation(f0, noise, hop_, sample_rate_, start_turn));
}

at::Tensor Generator::stage(size_t i, const at::Tensor& x, const at::Tensor& har,
                            Taps* taps) const {
  at::Tensor y = (*ups_)[i](x);
  keep(taps, fmt::format("ups{}", i), y);
  if (noise_convs_) y.add_((*noise_convs_)[i](har));
  at::Tensor sum = (*resblocks_)[i * kernels_](y);
  for (size_t j = 1; j < kernels_; ++j) sum.add_((*resblocks_)[i * kernels_ + j](y));
  sum.div_(static_cast<double>(kernels_));
  keep(taps, fmt::format("stage{}", i), sum);
  return sum;
}

void Generator::loaded() {
  if (path() != nn::Path::kFused) return;
  const auto all = named_parameters();
  const RvcConfig& c = config_;
  fused_ = std::make_unique<nn::FusedUpsampler>(
      nn::UpsamplerConfig{.in = c.inter,
                          .channels = c.upsample_channels,
                          .rates = c.upsample_rates,
                          .kernels = c.upsample_kernels,
                          .block_kernels = c.resblock_kernels,
                          .dilations = c.resblock_dilations,
                          .excited = c.f0,
                          .post_bias = false},
      [&](const std::string& key) { return all[key].detach(); });
}

at::Tensor Generator::operator()(const at::Tensor& z, const at::Tensor& har, const at::Tensor& g,
                                 int64_t begin, int64_t end, Taps* taps) const {
  if (fused_ && z.size(0) == 1 && fused(z))
    return (*fused_)(z, begin, end,
                     {.excitation = har, .condition = (*cond_)(g).flatten(), .taps = taps});
  return reference(z, har, g, taps).slice(2, begin * hop_, end * hop_);
}

at::Tensor Generator::reference(const at::Tensor& z, const at::Tensor& har, const at::Tensor& g,
                                Taps* taps) const {
  at::Tensor x = (*conv_pre_)(z);
  keep(taps, "conv_pre", x);
  x.add_((*cond_)(g));
  for (size_t i = 0; i < ups_->size(); ++i) x = stage(i, at::leaky_relu_(x, kSlope), har, taps);
  return (*conv_post_)(at::leaky_relu_(x, kLastSlope)).tanh_();
}

}  // namespace vl::models::rvc
