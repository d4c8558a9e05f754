#include "vl/dsp/mfcc.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/support/parity_speech.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"

namespace vl::dsp {
namespace {

constexpr double kFloat = 2e-6;  // of +-30, rounded to float32

using test::parity_speech;

TEST(Mfcc, EqualsThePublishedCepstra) {
  const auto& g = test::golden("lse/golden.safetensors");
  const struct {
    const char* name;
    at::Tensor wave;
  } rows[] = {{"mfcc", parity_speech(48000, 48000 + 17380)},
              {"mfcc_tail", at::cat({at::zeros({1, 1000}), parity_speech(0, 333)}, 1)},
              {"mfcc_short", parity_speech(48000, 48123)[0]}};
  for (const auto& row : rows)
    test::expect_close(row.name, mfcc(row.wave), g.at(row.name), kFloat, kFloat);
}

TEST(Mfcc, NumberOfFrames) {
  const struct {
    int64_t samples, frames;
  } rows[] = {{1, 1}, {399, 1}, {400, 1}, {401, 2}, {560, 2}, {561, 3}, {16000, 99}};
  for (const auto& row : rows)
    EXPECT_EQ(mfcc(at::zeros({row.samples})).sizes(), (at::IntArrayRef{13, row.frames}))
        << row.samples;
}

TEST(Mfcc, BlocksLeaveNoTrace) {
  const int64_t middle = 4096 * 160;  // where the second block begins
  const at::Tensor whole = mfcc(parity_speech(0, middle + 8000));
  // From one sample before, so that pre-emphasis knows it: frames are 160 samples apart.
  const at::Tensor tail = mfcc(parity_speech(middle - 160, middle + 8000));
  test::expect_close("block", whole.slice(1, 4096), tail.slice(1, 1), kFloat, kFloat);
}

TEST(Mfcc, SamplesAreInt16) {
  const at::Tensor x = at::linspace(-1.2, 1.2, 800);
  const at::Tensor rounded = (x * 32768).round().clamp(-32768, 32767) / 32768;
  EXPECT_TRUE(mfcc(x).equal(mfcc(rounded)));
}

TEST(Mfcc, NothingAndNoNumbersAreErrors) {
  EXPECT_THROW(mfcc(at::empty({0})), Error);
  EXPECT_THROW(mfcc(at::full({500}, NAN)), Error);
}

}  // namespace
}  // namespace vl::dsp
