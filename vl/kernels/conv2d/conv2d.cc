#include "vl/kernels/conv2d/conv2d.h"

#include <algorithm>
#include <numeric>

#include "vl/kernels/conv2d/conv2d_variants.h"
#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"

namespace vl::kernels {

namespace {

constexpr int64_t kBlockFloats = 1 << 18;  // of gathered windows: half of a 2 MiB cache

int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }
int64_t ceil_div(int64_t a, int64_t b) { return -floor_div(-a, b); }

std::vector<float> padded_bias(const float* bias, int64_t out, int64_t columns) {
  std::vector<float> to(static_cast<size_t>(columns));
  if (bias != nullptr) std::copy_n(bias, out, to.begin());
  return to;
}

}  // namespace

DirectConv2d::DirectConv2d(const float* weight, const float* bias, const Conv2dShape& s)
    : window_(s.kernel),
      step_(s.stride),
      before_(s.padding),
      channels_(s.narrow ? s.in : padded_channels(s.in)),
      tap_(s.narrow ? padded_channels(s.in * s.kernel[1]) : channels_),
      columns_(padded_channels(s.out)),
      narrow_(s.narrow),
      bias_(padded_bias(bias, s.out, columns_)) {
  const int64_t rows = s.kernel[0], columns = s.kernel[1], in = s.in;
  std::vector<float> w(static_cast<size_t>(length() * s.out));
  for (int64_t o = 0; o < s.out; ++o)
    for (int64_t i = 0; i < in; ++i)
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < columns; ++c) {
          const int64_t k = narrow_ ? r * tap_ + c * in + i : (r * columns + c) * tap_ + i;
          w[k * s.out + o] = weight[((o * in + i) * rows + r) * columns + c];
        }
  Phase& all = phases_.emplace_back();
  all.row = all.column = all.first = 0;
  all.taps.resize(static_cast<size_t>(length() / tap_));
  std::iota(all.taps.begin(), all.taps.end(), 0L);
  weights_ = PackedMatrix(w.data(), length(), s.out, s.out, 1);
}

/// Result stride * m + row comes from the inputs m + (row + padding - k) / stride of the taps k for
/// which that is a whole number.
void DirectConv2d::add_transposed_phase(const float* weight, const Conv2dShape& s, int64_t row,
                                        int64_t column, std::vector<float>& rows) {
  const int64_t k = s.kernel[0], up = s.stride[0], around = s.padding[0];
  Phase phase = {
      .row = row, .column = column, .taps = {}, .first = static_cast<int64_t>(rows.size()) / s.out};
  for (int64_t i = 0; i < window_[0]; ++i)
    for (int64_t j = 0; j < window_[1]; ++j) {
      const int64_t y = row + around - (i - before_[0]) * up,
                    x = column + around - (j - before_[1]) * up;
      if (y < 0 || y >= k || x < 0 || x >= k) continue;
      phase.taps.push_back(static_cast<long>(i * window_[1] + j));
      for (int64_t c = 0; c < s.in; ++c)
        for (int64_t o = 0; o < s.out; ++o)
          rows.push_back(weight[((c * s.out + o) * k + y) * k + x]);
    }
  phases_.push_back(std::move(phase));
}

DirectConv2d DirectConv2d::transposed(const float* weight, const float* bias,
                                      const Conv2dShape& s) {
  const int64_t k = s.kernel[0], up = s.stride[0], around = s.padding[0];
  const int64_t first = ceil_div(around - k + 1, up), last = floor_div(up - 1 + around, up);
  DirectConv2d out;
  out.window_ = {last - first + 1, last - first + 1};
  out.step_ = {1, 1};
  out.before_ = {-first, -first};
  out.channels_ = out.tap_ = s.in;
  out.columns_ = padded_channels(s.out);
  out.up_ = up;
  out.bias_ = padded_bias(bias, s.out, out.columns_);
  std::vector<float> rows;
  for (int64_t row = 0; row < up; ++row)
    for (int64_t column = 0; column < up; ++column)
      out.add_transposed_phase(weight, s, row, column, rows);
  out.weights_ =
      PackedMatrix(rows.data(), static_cast<int64_t>(rows.size()) / s.out, s.out, s.out, 1);
  return out;
}

int64_t DirectConv2d::length() const {
  return (narrow_ ? window_[0] : window_[0] * window_[1]) * tap_;
}

std::array<int64_t, 2> DirectConv2d::grid(int64_t height, int64_t width) const {
  if (up_ > 1) return {height, width};
  return {(height + 2 * before_[0] - window_[0]) / step_[0] + 1,
          (width + 2 * before_[1] - window_[1]) / step_[1] + 1};
}

std::array<int64_t, 2> DirectConv2d::result_size(int64_t height, int64_t width) const {
  const auto [rows, columns] = grid(height, width);
  return {rows * up_, columns * up_};
}

int64_t DirectConv2d::windows(const ImageMap& x) const {
  const auto [rows, columns] = grid(x.height, x.width);
  return x.batch * rows * columns;
}

int64_t DirectConv2d::block() const {
  return std::clamp<int64_t>(kBlockFloats / length() / 12 * 12, 12, 240);
}

int64_t DirectConv2d::scratch() const { return block() * (length() + 32); }

void DirectConv2d::run(const ImageMap& x, const ImageMap& y, int64_t begin, int64_t end,
                       const ConvFinish& finish, float* scratch) const {
  std::vector<ConvPhase> phases;
  for (const Phase& p : phases_)
    phases.push_back({p.row, p.column, p.taps.data(), static_cast<long>(p.taps.size()), p.first});
  const auto [grid_height, grid_width] = grid(x.height, x.width);
  const ConvCall call = {
      .x = x.data,
      .height = x.height,
      .width = x.width,
      .x_stride = x.stride,
      .channels = channels_,
      .window_rows = window_[0],
      .window_columns = window_[1],
      .step_y = step_[0],
      .step_x = step_[1],
      .top = before_[0],
      .left = before_[1],
      .narrow = narrow_,
      .tap = tap_,
      .grid_height = grid_height,
      .grid_width = grid_width,
      .begin = begin,
      .end = end,
      .phases = phases.data(),
      .phase_count = static_cast<long>(phases.size()),
      .up = up_,
      .weights = weights_.panel(0),
      .weight_rows = weights_.k(),
      .bias = bias_.data(),
      .residual = finish.residual == nullptr ? nullptr : finish.residual->data,
      .residual_stride = finish.residual == nullptr ? 0 : finish.residual->stride,
      .relu = finish.relu,
      .y = y.data,
      .out_height = y.height,
      .out_width = y.width,
      .y_stride = y.stride,
      .columns = columns_,
      .first_column = finish.first_column,
      .end_column = std::min(finish.end_column, columns_),
      .block = block(),
      .scratch = scratch,
  };
  for_cpu(conv2d_generic, conv2d_avx2, conv2d_avx512)(call);
}

}  // namespace vl::kernels
