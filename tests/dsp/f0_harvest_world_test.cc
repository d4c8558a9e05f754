#include <thread>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/parity_speech.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/dsp/f0_harvest.h"
#include "vl/kernels/cpu_mode.h"

namespace vl::dsp {
namespace {

struct Row {
  int64_t radius;
  const char* golden;
};

const Row kRows[] = {{2, "out:radius0"}, {3, "out:radius3"}};

TEST(Harvest, Golden) {
  const at::Tensor x = test::parity_speech(48000, 80000)[0];
  for (const Row& row : kRows) {
    const at::Tensor f0 = harvest_f0(x, row.radius);
    EXPECT_EQ(f0.scalar_type(), at::kDouble);
    test::expect_close(row.golden, f0,
                       test::golden("parity/rvc_harvest/golden.safetensors").at(row.golden), 1e-9);
  }
}

TEST(Harvest, FlushedDenormalsChangeNothing) {
  const at::Tensor x = test::parity_speech(48000, 80000)[0];
  at::Tensor f0;
  std::thread([&] {
    kernels::prepare_compute_thread();
    f0 = harvest_f0(x, 0);
  }).join();
  test::expect_close("flushed", f0,
                     test::golden("parity/rvc_harvest/golden.safetensors").at("out:radius0"), 1e-9);
}

TEST(Harvest, FrameCountsAndShortWaves) {
  for (int64_t n : {1, 2, 159, 160, 161, 320, 513, 1600}) {
    const at::Tensor f0 = harvest_f0(test::parity_speech(60000, 60000 + n)[0], 3);
    EXPECT_EQ(f0.numel(), n / 160 + 1) << n;
    EXPECT_TRUE(f0.isfinite().all().item<bool>()) << n;
  }
}

TEST(Harvest, SilenceIsUnvoiced) {
  EXPECT_EQ(harvest_f0(at::zeros({16000}), 3).count_nonzero().item<int64_t>(), 0);
}

TEST(Harvest, ATone) {
  const at::Tensor t = at::arange(16000, at::kDouble) / 16000;
  at::Tensor x = at::zeros_like(t);
  for (int k = 1; k <= 5; ++k) x += at::sin(t * (2 * M_PI * 173.0 * k)) * (0.3 / k);
  const at::Tensor inner = harvest_f0(x, 0).slice(0, 10, 90);
  EXPECT_LT((inner / 173.0 - 1).abs().max().item<double>(), 1e-3);
}

struct BadRow {
  const char* name;
  at::Tensor wave;
};

TEST(Harvest, BadWaves) {
  const BadRow rows[] = {{"empty", at::zeros({0})},
                         {"two channels", at::zeros({2, 1000})},
                         {"integers", at::zeros({1000}, at::kShort)},
                         {"not a number", at::full({1000}, NAN)},
                         {"infinite", at::full({1000}, INFINITY)}};
  for (const BadRow& row : rows) try {
      harvest_f0(row.wave, 3);
      ADD_FAILURE() << row.name;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadValue) << row.name;
    }
}

}  // namespace
}  // namespace vl::dsp
