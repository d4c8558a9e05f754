#include "vl/models/rvc/fused_generator.h"

#include <cstring>

#include <ATen/ATen.h>

#include "vl/kernels/parallel.h"

namespace vl::models::rvc {

using kernels::PackedMatrix;
using kernels::padded_channels;
using kernels::SignalRows;

namespace {

constexpr float kSlope = 0.1F, kLastSlope = 0.01F;
constexpr int64_t kEdgeKernel = 7, kEdge = kEdgeKernel / 2;
constexpr int64_t kPieceFrames = 320;     // of one pass through all stages
constexpr int64_t kTileFloats = 1 << 18;  // of one signal inside the residual blocks: 1 MiB
constexpr int64_t kLeastTile = 128;       // rows
constexpr int64_t kPostColumns = 16;

using Lookup = std::function<at::Tensor(const std::string&)>;

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
int64_t ceil_div(int64_t a, int64_t b) { return -floor_div(-a, b); }

std::vector<float> padded_vector(const at::Tensor& t) {
  std::vector<float> out(static_cast<size_t>(padded_channels(t.numel())));
  std::copy_n(t.data_ptr<float>(), t.numel(), out.begin());
  return out;
}

/// Weights of a convolution [out, in, k] as the matrix [k * padded in, out] of its windows.
PackedMatrix window_matrix(const at::Tensor& weight) {
  const at::Tensor w = at::constant_pad_nd(
      weight.permute({2, 1, 0}), {0, 0, 0, padded_channels(weight.size(1)) - weight.size(1)});
  const at::Tensor flat = w.contiguous();
  return {flat.data_ptr<float>(), flat.size(0) * flat.size(1), flat.size(2), flat.size(2), 1};
}

/// A signal [rows, channels] of one stage; the storage is used again by the next piece.
struct Signal {
  std::vector<float> store;
  SignalRows rows;
  int64_t channels = 0;

  void reset(int64_t begin, int64_t end, int64_t width) {
    channels = width;
    if (store.size() < static_cast<size_t>((end - begin) * width))
      store.resize(static_cast<size_t>((end - begin) * width));
    rows = {store.data(), begin, end};
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

void leaky_relu(float* x, int64_t count, float slope) {
  for (int64_t i = 0; i < count; ++i) x[i] = std::max(x[i], x[i] * slope);
}

}  // namespace

/// State of one call.
struct FusedGenerator::Run {
  at::Tensor z, har, cond, out;  // z [F, padded inter], har with `hop` zeros at both ends
  int64_t frames, first;         // F, the frame that `out` starts with
  Taps* taps;
  Signal x, y, next, window;
  std::vector<std::vector<float>> scratch;
};

FusedGenerator::Stage FusedGenerator::make_stage(const RvcConfig& c, size_t i,
                                                 const Lookup& weight) const {
  Stage s;
  s.rate = c.upsample_rates[i];
  s.taps = c.upsample_kernels[i];
  s.around = (s.taps - s.rate) / 2;
  s.channels = c.upsample_channels >> (i + 1);
  s.after = 1;
  for (size_t j = i + 1; j < c.upsample_rates.size(); ++j) s.after *= c.upsample_rates[j];
  const std::string up = fmt::format("ups.{}.", i);
  const at::Tensor w = weight(up + "weight");  // [in, out, taps]
  s.up_bias = padded_vector(weight(up + "bias"));
  for (int64_t r = 0; r < s.rate; ++r) {
    const int64_t last = floor_div(r + s.around, s.rate),
                  first = ceil_div(r + s.around - s.taps + 1, s.rate);
    std::vector<at::Tensor> rows;
    for (int64_t d = first; d <= last; ++d) rows.push_back(w.select(2, r + s.around - s.rate * d));
    s.phases.push_back({first, window_matrix(at::stack(rows, 2).transpose(0, 1))});
  }
  if (c.f0) {
    const std::string noise = fmt::format("noise_convs.{}.", i);
    const at::Tensor n = weight(noise + "weight").contiguous();  // [out, 1, k]
    s.noise = PackedMatrix(n.data_ptr<float>(), n.size(2), n.size(0), 1, n.size(2));
    s.noise_bias = padded_vector(weight(noise + "bias"));
  }
  for (size_t j = 0; j < c.resblock_kernels.size(); ++j) {
    Stage::Block block;
    for (size_t d = 0; d < c.resblock_dilations[j].size(); ++d)
      for (const char* name : {"convs1", "convs2"}) {
        const std::string key =
            fmt::format("resblocks.{}.{}.{}.", i * c.resblock_kernels.size() + j, name, d);
        const at::Tensor k = weight(key + "weight").contiguous(),
                         bias = weight(key + "bias").contiguous();
        const int64_t dilation = name[5] == '1' ? c.resblock_dilations[j][d] : 1;
        block.convs.emplace_back(k.data_ptr<float>(), bias.data_ptr<float>(), k.size(0), k.size(1),
                                 k.size(2), dilation);
        block.reach += block.convs.back().reach();
      }
    s.reach = std::max(s.reach, block.reach);
    s.blocks.push_back(std::move(block));
  }
  return s;
}

FusedGenerator::FusedGenerator(const RvcConfig& c, const Lookup& weight)
    : inter_(c.inter),
      channels_(c.upsample_channels),
      hop_(c.hop()),
      pre_(window_matrix(weight("conv_pre.weight"))),
      post_(window_matrix(weight("conv_post.weight"))),
      pre_bias_(padded_vector(weight("conv_pre.bias"))) {
  for (size_t i = 0; i < c.upsample_rates.size(); ++i) stages_.push_back(make_stage(c, i, weight));
}

/// conv_pre and the speaker's part, activated, for the frames begin .. end - 1.
void FusedGenerator::pre(Run& run, int64_t begin, int64_t end) const {
  const int64_t width = run.z.size(1), low = std::max<int64_t>(begin, 0),
                high = std::min(end, run.frames);
  run.window.reset(low - kEdge, high + kEdge, width);
  run.window.clear_outside(run.frames);
  const int64_t from = std::max<int64_t>(low - kEdge, 0), to = std::min(high + kEdge, run.frames);
  std::memcpy(run.window.row(from), run.z.data_ptr<float>() + from * width,
              static_cast<size_t>((to - from) * width) * sizeof(float));
  run.x.reset(begin, end, padded_channels(channels_));
  run.x.clear_outside(run.frames);
  constexpr int64_t kRows = 48;
  kernels::parallel_for(ceil_div(high - low, kRows), [&](int64_t i, int) {
    const int64_t a = low + i * kRows, rows = std::min(kRows, high - a);
    kernels::gemm(rows, run.window.row(a - kEdge), width, pre_, run.x.row(a), run.x.channels,
                  pre_bias_.data(), false);
  });
  keep(run.taps, "conv_pre", run.x.tensor(low, high, channels_));
  const float* cond = run.cond.data_ptr<float>();
  for (int64_t a = low; a < high; ++a) {
    float* row = run.x.row(a);
    for (int64_t c = 0; c < channels_; ++c) row[c] += cond[c];
    leaky_relu(row, channels_, kSlope);
  }
}

/// Upsampling and excitation: the rows begin .. end - 1 of stage i.
void FusedGenerator::upsample(Run& run, size_t i, int64_t begin, int64_t end) const {
  const Stage& s = stages_[i];
  run.y.reset(begin, end, padded_channels(s.channels));
  const int64_t first = floor_div(begin, s.rate), last = floor_div(end - 1, s.rate) + 1;
  const int64_t rows = std::max<int64_t>(48, 960 / s.rate);
  const auto excite = [&](int64_t a, int64_t b) {
    if (!run.har.defined() || a >= b) return;
    const int64_t before = s.after > 1 ? s.after / 2 : 0;
    kernels::gemm(b - a, run.har.data_ptr<float>() + hop_ + a * s.after - before, s.after, s.noise,
                  run.y.row(a), run.y.channels, s.noise_bias.data(), true);
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
  keep(run.taps, fmt::format("ups{}", i), run.y.tensor(begin, end, s.channels));
  excite(begin, end);
}

/// Mean of the residual blocks for the rows begin .. end - 1 of stage i.
void FusedGenerator::residual_blocks(Run& run, size_t i, int64_t begin, int64_t end,
                                     float out_slope) const {
  const Stage& s = stages_[i];
  const int64_t width = run.y.channels, length = run.frames * hop_ / s.after;
  const int64_t threads = kernels::parallel_threads(),
                most = std::max(kTileFloats / width, kLeastTile);
  const int64_t tiles = std::min(ceil_div(ceil_div(end - begin, most), threads) * threads,
                                 ceil_div(end - begin, kLeastTile));
  const int64_t rows = ceil_div(end - begin, tiles), held = (rows + 2 * s.reach) * width;
  int64_t scratch = 0;
  for (const auto& block : s.blocks)
    for (const auto& conv : block.convs) scratch = std::max(scratch, conv.scratch());
  run.scratch.resize(static_cast<size_t>(threads));
  for (auto& v : run.scratch) v.resize(std::max(v.size(), size_t(2 * held + scratch)));
  kernels::parallel_for(tiles, [&](int64_t tile, int thread) {
    const int64_t a = begin + tile * rows, b = std::min(end, a + rows);
    float* memory = run.scratch[static_cast<size_t>(thread)].data();
    for (size_t j = 0; j < s.blocks.size(); ++j) {
      const auto& convs = s.blocks[j].convs;
      SignalRows source = run.y.rows;
      int64_t halo = s.blocks[j].reach;
      for (size_t k = 0; k < convs.size(); k += 2) {
        const auto range = [&](float* data, int64_t reach) {
          halo -= reach;
          return SignalRows{data, std::max<int64_t>(a - halo, 0), std::min(b + halo, length)};
        };
        const SignalRows hidden = range(memory + held, convs[k].reach());
        convs[k].run(source, hidden, hidden.begin, hidden.end, {.slope = kSlope},
                     memory + 2 * held);
        SignalRows result = range(memory, convs[k + 1].reach());
        const int64_t from = result.begin, to = result.end;
        const bool last = k + 2 == convs.size(), mean = last && j + 1 == s.blocks.size();
        if (k > 0) result = source;
        if (last) result = run.next.rows;
        convs[k + 1].run(hidden, result, from, to,
                         {.slope = kSlope,
                          .residual = &source,
                          .add = last && j > 0,
                          .scale = mean ? 1.0F / static_cast<float>(s.blocks.size()) : 1.0F,
                          .out_slope = mean ? out_slope : 1.0F},
                         memory + 2 * held);
        source = result;
      }
    }
  });
}

void FusedGenerator::post(Run& run, int64_t begin, int64_t end) const {
  float* out = run.out.data_ptr<float>() - run.first * hop_;
  constexpr int64_t kRows = 480;
  kernels::parallel_for(ceil_div(end - begin, kRows), [&](int64_t i, int) {
    const int64_t a = begin + i * kRows, rows = std::min(kRows, end - a);
    float columns[kRows * kPostColumns];
    kernels::gemm(rows, run.x.row(a - kEdge), run.x.channels, post_, columns, kPostColumns, nullptr,
                  false);
    for (int64_t n = 0; n < rows; ++n) out[a + n] = columns[n * kPostColumns];
  });
}

void FusedGenerator::decode_piece(Run& run, int64_t begin, int64_t end) const {
  struct Range {
    int64_t begin, end;
  };
  // Backwards: the rows that the next stage reads (beyond the signal's ends too: they are zeros).
  std::vector<Range> read(stages_.size() + 1), own(stages_.size());
  Range need = {begin * hop_ - kEdge, end * hop_ + kEdge};
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
      keep(run.taps, fmt::format("stage{}", i), run.next.tensor(from, to, s.channels));
      leaky_relu(run.next.row(from), (to - from) * run.next.channels, slope);
    }
    std::swap(run.x, run.next);
  }
  post(run, begin * hop_, end * hop_);
}

at::Tensor FusedGenerator::operator()(const at::Tensor& z, const at::Tensor& har,
                                      const at::Tensor& cond, int64_t begin, int64_t end,
                                      Taps* taps) const {
  Run run;
  run.z = at::constant_pad_nd(z[0].t(), {0, padded_channels(inter_) - inter_}).contiguous();
  if (har.defined()) run.har = at::constant_pad_nd(har.reshape({-1}), {hop_, hop_});
  run.cond = cond.contiguous();
  run.frames = z.size(2), run.first = begin, run.taps = taps;
  run.out = at::empty({1, 1, (end - begin) * hop_});
  const int64_t pieces = taps != nullptr ? 1 : ceil_div(end - begin, kPieceFrames);
  for (int64_t i = 0; i < pieces; ++i)
    decode_piece(run, begin + (end - begin) * i / pieces, begin + (end - begin) * (i + 1) / pieces);
  return run.out.tanh_();
}

}  // namespace vl::models::rvc
