#include "vl/dsp/stft.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/torch_golden.h"
#include "vl/core/error.h"

namespace vl::dsp {
namespace {

using test::expect_close;

at::Tensor wave(int64_t batch, int64_t samples, at::ScalarType dtype) {
  const at::Tensor t = at::arange(batch * samples, at::kDouble);
  return ((t * 0.37).sin() + 0.5 * (t * t * 1e-4).cos()).reshape({batch, samples}).to(dtype);
}

/// The definition: sum over the padded frame times the window, one bin at a time.
at::Tensor direct(const at::Tensor& x, const StftConfig& c) {
  const int64_t pad = c.pad_samples, length = x.size(1);
  std::vector<at::Tensor> frames;
  const at::Tensor n = at::arange(c.n_fft, at::kDouble);
  for (int64_t start = -pad; start + c.n_fft <= length + pad; start += c.hop) {
    at::Tensor index = at::arange(start, start + c.n_fft, at::kLong).abs();
    index = (length - 1) - ((length - 1) - index).abs();
    frames.push_back(x[0].to(at::kDouble).index_select(0, index) *
                     hann_window(c.n_fft, at::kDouble));
  }
  const at::Tensor k = at::arange(c.n_fft / 2 + 1, at::kDouble).unsqueeze(1);
  const at::Tensor angle = k * n * (-2.0 * M_PI / static_cast<double>(c.n_fft));
  const at::Tensor f = at::stack(frames, 1);
  return at::stack({at::matmul(angle.cos(), f), at::matmul(angle.sin(), f)}, -1);
}

TEST(Stft, FollowsTheDefinition) {
  struct Row {
    const char* name;
    StftConfig config;
    int64_t samples;
    at::ScalarType dtype;
    double tolerance;
  };
  const Row rows[] = {
      {"centred double", {.n_fft = 64, .hop = 16, .pad_samples = 32}, 333, at::kDouble, 1e-12},
      {"centred float", {.n_fft = 64, .hop = 16, .pad_samples = 32}, 333, at::kFloat, 2e-5},
      {"not centred", {.n_fft = 64, .hop = 16, .pad_samples = 24}, 320, at::kDouble, 1e-12},
      {"shortest", {.n_fft = 64, .hop = 16, .pad_samples = 32}, 33, at::kDouble, 1e-12},
  };
  for (const Row& r : rows) {
    const at::Tensor x = wave(1, r.samples, r.dtype);
    expect_close(r.name, at::view_as_real(stft(x, r.config)), direct(x, r.config), r.tolerance);
  }
}

TEST(Stft, InverseGivesTheWaveBack) {
  struct Row {
    const char* name;
    int64_t batch, samples;
    at::ScalarType dtype;
    double tolerance;
  };
  const Row rows[] = {{"double", 2, 2560, at::kDouble, 1e-13},
                      {"float", 1, 5120, at::kFloat, 1e-6}};
  for (const Row& r : rows) {
    const at::Tensor x = wave(r.batch, r.samples, r.dtype);
    expect_close(r.name, istft(stft(x, StftConfig{}), StftConfig{}), x, r.tolerance);
  }
}

TEST(Stft, RefusesWavesThatAreTooShort) {
  struct Row {
    StftConfig config;
    int64_t samples;
  };
  const Row rows[] = {{{.pad = Pad::kReflect}, 512},
                      {{.pad = Pad::kReflect, .pad_samples = 384}, 255},
                      {{.pad = Pad::kNone}, 1023},
                      {{.pad = Pad::kZero, .pad_samples = 100}, 800},
                      {{.pad = Pad::kReflect}, 0}};
  for (const Row& r : rows)
    EXPECT_THROW(stft(at::zeros({1, r.samples}), r.config), Error) << r.samples;
}

}  // namespace
}  // namespace vl::dsp
