#include "vl/nn/fused_upsampler.h"

#include <algorithm>
#include <cstring>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "vl/kernels/parallel.h"

namespace vl::nn {

using kernels::PackedMatrix;
using kernels::padded_channels;
using kernels::SignalRows;

namespace {

constexpr float kSlope = 0.1F, kLastSlope = 0.01F;
constexpr int64_t kEdgeKernel = 7, kEdge = kEdgeKernel / 2;
constexpr int64_t kPieceSamples = 128000;  // of one pass through all stages
constexpr int64_t kTileFloats = 1 << 18;   // of one signal inside the residual blocks: 1 MiB
// The first stage's rounding passes through all others; in narrow networks it is a small part of
// the work, so there it is computed by plain sums.
constexpr int64_t kExactChannels = 64;
constexpr int64_t kLeastTile = 128;  // rows
constexpr int64_t kNeighbours = 16;  // samples that one row of conv_post's product gives

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
int64_t ceil_div(int64_t a, int64_t b) { return -floor_div(-a, b); }
int64_t round_up(int64_t a, int64_t unit) { return ceil_div(a, unit) * unit; }

std::vector<float> padded_vector(const at::Tensor& t) {
  std::vector<float> out(static_cast<size_t>(padded_channels(t.numel())));
  std::copy_n(t.contiguous().data_ptr<float>(), t.numel(), out.begin());
  return out;
}

/// Weights of a convolution [out, in, k] as the matrix [k * padded in, out] of its windows.
PackedMatrix window_matrix(const at::Tensor& weight) {
  const at::Tensor w = at::constant_pad_nd(
      weight.permute({2, 1, 0}), {0, 0, 0, padded_channels(weight.size(1)) - weight.size(1)});
  const at::Tensor flat = w.contiguous();
  return {flat.data_ptr<float>(), flat.size(0) * flat.size(1), flat.size(2), flat.size(2), 1};
}

/// conv_post [1, in, k] for sixteen neighbouring samples: column n holds the kernel n rows later.
PackedMatrix neighbour_matrix(const at::Tensor& weight) {
  const at::Tensor w = weight[0].t().contiguous();  // [k, in]
  const int64_t taps = w.size(0), width = padded_channels(w.size(1));
  at::Tensor out = at::zeros({taps + kNeighbours - 1, width, kNeighbours});
  for (int64_t n = 0; n < kNeighbours; ++n)
    out.select(2, n).slice(0, n, n + taps).slice(1, 0, w.size(1)).copy_(w);
  return {out.data_ptr<float>(), out.size(0) * width, kNeighbours, kNeighbours, 1};
}

/// Makes `store` hold at least `count` floats; what it had is lost. A tensor, because its memory
/// starts where a cache line does: vectors of 64 bytes then lie in one.
void reserve(at::Tensor& store, int64_t count) {
  if (!store.defined() || store.numel() < count) store = at::empty({count});
}

/// A signal [rows, channels] of one stage; the storage is used again by the next piece.
struct Signal {
  at::Tensor store;
  SignalRows rows;
  int64_t channels = 0;

  void reset(int64_t begin, int64_t end, int64_t width) {
    channels = width;
    reserve(store, (end - begin) * width);
    rows = {store.data_ptr<float>(), begin, end};
  }
  float* row(int64_t at) const { return rows.data + (at - rows.begin) * channels; }
  /// Zeros in the rows outside [0, length).
  void clear_outside(int64_t length) const {
    const int64_t low = std::min<int64_t>(rows.end, 0), high = std::max(rows.begin, length);
    if (low > rows.begin) std::fill(row(rows.begin), row(low), 0.0F);
    if (high < rows.end) std::fill(row(high), row(rows.end), 0.0F);
  }
  at::Tensor tensor(int64_t begin, int64_t end, int64_t width) const {
    return at::from_blob(row(begin), {end - begin, channels}, at::kFloat)
        .slice(1, 0, width)
        .t()
        .unsqueeze(0);
  }
};

template <class Conv>
int64_t reach_of(const Conv& conv) {
  return std::visit([](const auto& c) { return c.reach(); }, conv);
}

template <class Conv>
int64_t scratch_of(const Conv& conv) {
  return std::visit([](const auto& c) { return c.scratch(); }, conv);
}

template <class Conv>
void run_conv(const Conv& conv, const SignalRows& x, const SignalRows& y, int64_t begin,
              int64_t end, const kernels::WinogradConv1d::Options& options, float* scratch) {
  std::visit([&](const auto& c) { c.run(x, y, begin, end, options, scratch); }, conv);
}

void leaky_relu(float* x, int64_t count, float slope) {
  for (int64_t i = 0; i < count; ++i) x[i] = std::max(x[i], x[i] * slope);
}

}  // namespace

/// State of one call.
struct FusedUpsampler::Run {
  at::Tensor x0, excitation, condition, out;  // x0 [F, padded in], `hop` zeros at both ends of the
  int64_t frames, first;                      // excitation; F, the frame that `out` starts with
  std::map<std::string, at::Tensor>* taps;
  Signal x, y, next, window;
  std::vector<at::Tensor> scratch;

  void keep(const std::string& name, const at::Tensor& value) const {
    if (taps != nullptr) (*taps)[name] = value.clone();
  }
};

/// Rows begin .. end - 1 of a stage that one thread computes from a signal of `length` rows.
struct FusedUpsampler::Tile {
  int64_t begin, end, length;
  float* memory;  // two signals of `held` floats, then what the convolutions want
  int64_t held;
  bool first, last;  // of the residual blocks whose mean is taken
  float scale, out_slope;
};

int64_t UpsamplerConfig::hop() const {
  int64_t out = 1;
  for (const int64_t rate : rates) out *= rate;
  return out;
}

void FusedUpsampler::add_phases(Stage& s, const at::Tensor& w) const {
  for (int64_t r = 0; r < s.rate; ++r) {
    const int64_t last = floor_div(r + s.around, s.rate),
                  first = ceil_div(r + s.around - s.taps + 1, s.rate);
    std::vector<at::Tensor> rows;
    for (int64_t d = first; d <= last; ++d) rows.push_back(w.select(2, r + s.around - s.rate * d));
    s.phases.push_back({first, window_matrix(at::stack(rows, 2).transpose(0, 1))});
  }
}

FusedUpsampler::Stage::Block FusedUpsampler::make_block(size_t i, size_t j,
                                                        const Lookup& weight) const {
  const auto& dilations = config_.dilations[j];
  Stage::Block block;
  const auto add = [&](const char* name, size_t d, int64_t dilation) {
    const std::string key =
        fmt::format("resblocks.{}.{}.{}.", i * config_.block_kernels.size() + j, name, d);
    const at::Tensor w = weight(key + "weight").contiguous(),
                     bias = weight(key + "bias").contiguous();
    const auto* p = w.data_ptr<float>();
    const auto* b = bias.data_ptr<float>();
    if (i == 0 && w.size(0) <= kExactChannels)
      block.convs.emplace_back(
          kernels::DirectConv1d(p, b, w.size(0), w.size(1), w.size(2), dilation));
    else
      block.convs.emplace_back(
          kernels::WinogradConv1d(p, b, w.size(0), w.size(1), w.size(2), dilation));
    block.reach += reach_of(block.convs.back());
  };
  for (size_t d = 0; d < dilations.size(); ++d) {
    add(config_.pairs ? "convs1" : "convs", d, dilations[d]);
    if (config_.pairs) add("convs2", d, 1);
  }
  return block;
}

FusedUpsampler::Stage FusedUpsampler::make_stage(size_t i, const Lookup& weight) const {
  const UpsamplerConfig& c = config_;
  Stage s;
  s.rate = c.rates[i];
  s.taps = c.kernels[i];
  s.around = (s.taps - s.rate) / 2;
  s.channels = c.channels >> (i + 1);
  s.after = 1;
  for (size_t j = i + 1; j < c.rates.size(); ++j) s.after *= c.rates[j];
  const std::string up = fmt::format("ups.{}.", i);
  add_phases(s, weight(up + "weight"));  // [in, out, taps]
  s.up_bias = padded_vector(weight(up + "bias"));
  if (c.excited) {
    const std::string noise = fmt::format("noise_convs.{}.", i);
    const at::Tensor n = weight(noise + "weight").contiguous();  // [out, 1, k]
    s.noise = PackedMatrix(n.data_ptr<float>(), n.size(2), n.size(0), 1, n.size(2));
    s.noise_bias = padded_vector(weight(noise + "bias"));
  }
  for (size_t j = 0; j < c.block_kernels.size(); ++j) {
    s.blocks.push_back(make_block(i, j, weight));
    s.reach = std::max(s.reach, s.blocks.back().reach);
  }
  return s;
}

FusedUpsampler::FusedUpsampler(const UpsamplerConfig& c, const Lookup& weight)
    : config_(c),
      hop_(c.hop()),
      pre_(window_matrix(weight("conv_pre.weight"))),
      post_(neighbour_matrix(weight("conv_post.weight"))),
      pre_bias_(padded_vector(weight("conv_pre.bias"))),
      post_bias_(kNeighbours, c.post_bias ? weight("conv_post.bias").item<float>() : 0.0F) {
  for (size_t i = 0; i < c.rates.size(); ++i) stages_.push_back(make_stage(i, weight));
}

/// conv_pre and the condition, activated, for the frames begin .. end - 1.
void FusedUpsampler::pre(Run& run, int64_t begin, int64_t end) const {
  const int64_t width = run.x0.size(1), low = std::max<int64_t>(begin, 0),
                high = std::min(end, run.frames);
  run.window.reset(low - kEdge, high + kEdge, width);
  run.window.clear_outside(run.frames);
  const int64_t from = std::max<int64_t>(low - kEdge, 0), to = std::min(high + kEdge, run.frames);
  std::memcpy(run.window.row(from), run.x0.data_ptr<float>() + from * width,
              static_cast<size_t>((to - from) * width) * sizeof(float));
  run.x.reset(begin, end, padded_channels(config_.channels));
  run.x.clear_outside(run.frames);
  constexpr int64_t kRows = 48;
  kernels::parallel_for(ceil_div(high - low, kRows), [&](int64_t i, int) {
    const int64_t a = low + i * kRows, rows = std::min(kRows, high - a);
    kernels::gemm(rows, run.window.row(a - kEdge), width, pre_, run.x.row(a), run.x.channels,
                  pre_bias_.data(), false);
  });
  run.keep("conv_pre", run.x.tensor(low, high, config_.channels));
  const float* condition = run.condition.defined() ? run.condition.data_ptr<float>() : nullptr;
  for (int64_t a = low; a < high; ++a) {
    float* row = run.x.row(a);
    for (int64_t c = 0; condition != nullptr && c < config_.channels; ++c) row[c] += condition[c];
    leaky_relu(row, config_.channels, kSlope);
  }
}

/// Upsampling and excitation: the rows begin .. end - 1 of stage i.
void FusedUpsampler::upsample(Run& run, size_t i, int64_t begin, int64_t end) const {
  const Stage& s = stages_[i];
  run.y.reset(begin, end, padded_channels(s.channels));
  const int64_t first = floor_div(begin, s.rate), last = floor_div(end - 1, s.rate) + 1;
  const int64_t rows = std::max<int64_t>(48, 960 / s.rate);
  const auto excite = [&](int64_t a, int64_t b) {
    if (!run.excitation.defined() || a >= b) return;
    const int64_t before = s.after > 1 ? s.after / 2 : 0;
    kernels::gemm(b - a, run.excitation.data_ptr<float>() + hop_ + a * s.after - before, s.after,
                  s.noise, run.y.row(a), run.y.channels, s.noise_bias.data(), true);
  };
  kernels::parallel_for(ceil_div(last - first, rows), [&](int64_t block, int) {
    const int64_t from = first + block * rows, to = std::min(last, from + rows);
    for (int64_t r = 0; r < s.rate; ++r) {
      const int64_t a = std::max(from, ceil_div(begin - r, s.rate)),
                    b = std::min(to, floor_div(end - 1 - r, s.rate) + 1);
      if (a >= b) continue;
      kernels::gemm(b - a, run.x.row(a + s.phases[r].first), run.x.channels, s.phases[r].weights,
                    run.y.row(s.rate * a + r), s.rate * run.y.channels, s.up_bias.data(), false);
    }
    if (run.taps == nullptr) excite(std::max(begin, from * s.rate), std::min(end, to * s.rate));
  });
  if (run.taps == nullptr) return;
  run.keep(fmt::format("ups{}", i), run.y.tensor(begin, end, s.channels));
  excite(begin, end);
}

/// One residual block on a tile: from run.y to run.next.
void FusedUpsampler::residual_block(const Run& run, const Stage::Block& block,
                                    const Tile& t) const {
  const auto& convs = block.convs;
  const size_t step = config_.pairs ? 2 : 1;
  float* scratch = t.memory + 2 * t.held;
  int64_t halo = block.reach;
  const auto range = [&](float* data, int64_t reach) {
    halo -= reach;
    return SignalRows{data, std::max<int64_t>(t.begin - halo, 0), std::min(t.end + halo, t.length)};
  };
  SignalRows source = run.y.rows;
  for (size_t k = 0; k < convs.size(); k += step) {
    SignalRows in = source;
    if (config_.pairs) {
      in = range(t.memory + t.held, reach_of(convs[k]));
      run_conv(convs[k], source, in, in.begin, in.end, {.slope = kSlope}, scratch);
    }
    const auto& conv = convs[k + step - 1];
    // A pair may write over its source, which its second convolution does not read.
    const bool other = !config_.pairs && k % 2 == 1;
    SignalRows result = range(other ? t.memory + t.held : t.memory, reach_of(conv));
    const int64_t from = result.begin, to = result.end;
    const bool end = k + step == convs.size(), mean = end && t.last;
    if (config_.pairs && k > 0) result = source;
    if (end) result = run.next.rows;
    run_conv(conv, in, result, from, to,
             {.slope = kSlope,
              .residual = &source,
              .add = end && !t.first,
              .scale = mean ? t.scale : 1.0F,
              .out_slope = mean ? t.out_slope : 1.0F},
             scratch);
    source = result;
  }
}

/// Mean of the residual blocks for the rows begin .. end - 1 of stage i.
void FusedUpsampler::residual_blocks(Run& run, size_t i, int64_t begin, int64_t end,
                                     float out_slope) const {
  const Stage& s = stages_[i];
  const int64_t width = run.y.channels, length = run.frames * hop_ / s.after;
  const int64_t threads = kernels::parallel_threads(), least = std::max(kLeastTile, 2 * s.reach),
                most = std::max(kTileFloats / width, least);
  const int64_t tiles = std::min(ceil_div(ceil_div(end - begin, most), threads) * threads,
                                 ceil_div(end - begin, least));
  const int64_t rows = ceil_div(end - begin, tiles), held = (rows + 2 * s.reach) * width;
  int64_t scratch = 0;
  for (const auto& block : s.blocks)
    for (const auto& conv : block.convs) scratch = std::max(scratch, scratch_of(conv));
  run.scratch.resize(static_cast<size_t>(threads));
  for (at::Tensor& t : run.scratch) reserve(t, 2 * held + scratch);
  kernels::parallel_for(tiles, [&](int64_t n, int thread) {
    Tile tile = {.begin = begin + n * rows,
                 .end = std::min(end, begin + (n + 1) * rows),
                 .length = length,
                 .memory = run.scratch[static_cast<size_t>(thread)].data_ptr<float>(),
                 .held = held,
                 .first = true,
                 .last = false,
                 .scale = 1.0F / static_cast<float>(s.blocks.size()),
                 .out_slope = out_slope};
    for (size_t j = 0; j < s.blocks.size(); ++j, tile.first = false) {
      tile.last = j + 1 == s.blocks.size();
      residual_block(run, s.blocks[j], tile);
    }
  });
}

void FusedUpsampler::post(Run& run, int64_t begin, int64_t end) const {
  float* out = run.out.data_ptr<float>() - run.first * hop_;
  constexpr int64_t kRows = 30 * kNeighbours;
  kernels::parallel_for(ceil_div(end - begin, kRows), [&](int64_t i, int) {
    const int64_t a = begin + i * kRows, rows = std::min(kRows, end - a);
    float samples[kRows];
    kernels::gemm(ceil_div(rows, kNeighbours), run.x.row(a - kEdge), kNeighbours * run.x.channels,
                  post_, samples, kNeighbours, post_bias_.data(), false);
    std::copy_n(samples, rows, out + a);
  });
}

void FusedUpsampler::compute_piece(Run& run, int64_t begin, int64_t end) const {
  struct Range {
    int64_t begin, end;
  };
  // Backwards: the rows that the next stage reads (beyond the signal's ends too: they are zeros).
  std::vector<Range> read(stages_.size() + 1), own(stages_.size());
  const int64_t samples = round_up((end - begin) * hop_, kNeighbours);
  Range need = {begin * hop_ - kEdge, begin * hop_ + samples + kEdge};
  for (size_t i = stages_.size(); i-- > 0;) {
    const Stage& s = stages_[i];
    const int64_t length = run.frames * hop_ / s.after;
    read[i + 1] = need;
    own[i] = {std::max<int64_t>(std::max<int64_t>(need.begin, 0) - s.reach, 0),
              std::min(std::min(need.end, length) + s.reach, length)};
    need = {ceil_div(own[i].begin + s.around - s.taps + 1, s.rate),
            floor_div(own[i].end - 1 + s.around, s.rate) + 1};
  }
  pre(run, need.begin, need.end);
  for (size_t i = 0; i < stages_.size(); ++i) {
    const Stage& s = stages_[i];
    const int64_t length = run.frames * hop_ / s.after;
    upsample(run, i, own[i].begin, own[i].end);
    run.next.reset(read[i + 1].begin, read[i + 1].end, run.y.channels);
    run.next.clear_outside(length);
    const int64_t from = std::max<int64_t>(read[i + 1].begin, 0),
                  to = std::min(read[i + 1].end, length);
    const float slope = i + 1 < stages_.size() ? kSlope : kLastSlope;
    residual_blocks(run, i, from, to, run.taps == nullptr ? slope : 1);
    if (run.taps != nullptr) {
      run.keep(fmt::format("stage{}", i), run.next.tensor(from, to, s.channels));
      leaky_relu(run.next.row(from), (to - from) * run.next.channels, slope);
    }
    std::swap(run.x, run.next);
  }
  post(run, begin * hop_, end * hop_);
}

at::Tensor FusedUpsampler::operator()(const at::Tensor& x, int64_t begin, int64_t end,
                                      const Extra& extra) const {
  Run run;
  run.x0 =
      at::constant_pad_nd(x[0].t(), {0, padded_channels(config_.in) - config_.in}).contiguous();
  if (extra.excitation.defined())
    run.excitation = at::constant_pad_nd(extra.excitation.reshape({-1}), {hop_, hop_});
  if (extra.condition.defined()) run.condition = extra.condition.contiguous();
  run.frames = x.size(2), run.first = begin, run.taps = extra.taps;
  run.out = at::empty({1, 1, (end - begin) * hop_});
  const int64_t most = std::max<int64_t>(1, kPieceSamples / hop_),
                pieces = extra.taps != nullptr ? 1 : ceil_div(end - begin, most);
  for (int64_t i = 0; i < pieces; ++i)
    compute_piece(run, begin + (end - begin) * i / pieces,
                  begin + (end - begin) * (i + 1) / pieces);
  return run.out.tanh_();
}

}  // namespace vl::nn
