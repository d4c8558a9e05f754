#include "vl/dsp/wav2lip_mel.h"

#include <gtest/gtest.h>

#include <fstream>

#include <ATen/ATen.h>

#include "tests/support/parity_speech.h"
#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"

namespace vl::dsp {
namespace {

using test::expect_close;

const test::Tensors& golden() { return test::golden("parity/wav2lip/golden_audio.safetensors"); }

at::Tensor edges(const at::Tensor& mel) {
  return at::cat({mel.slice(1, 0, 2), mel.slice(1, mel.size(1) - 2)}, 1)
      .index_select(1, at::tensor({0, 1, 2, 3}));
}

TEST(Wav2LipMel, EqualsTheGoldens) {
  const at::Tensor all = test::parity_speech(0, 960000);
  expect_close("eng5s", wav2lip_mel(all.slice(-1, 0, 80000)), golden().at("out:mel_eng5s"), 1e-6);
  expect_close("eng60s", wav2lip_mel(all), golden().at("out:mel_eng60s"), 1e-6, 0, 37);
  expect_close("lj", wav2lip_mel(golden().at("input:lj_16k_samples_16000_to_39999")),
               golden().at("out:mel_lj"), 1e-6);
}

TEST(Wav2LipMel, ZeroPaddingChangesTheEdgesOnly) {
  const at::Tensor x = test::parity_speech(0, 80000);
  const at::Tensor zero = wav2lip_mel(x, Pad::kZero), reflect = wav2lip_mel(x);
  // columns 0, 1, -2, -1; the golden keeps them as 0, 1, -1 (last), -2 or in order: compare as a
  // set of columns
  expect_close("edges", edges(zero), golden().at("out:mel_eng5s_zeropad_edges"), 1e-6);
  EXPECT_TRUE(zero.slice(1, 2, -2).equal(reflect.slice(1, 2, -2)));
}

TEST(Wav2LipMel, SilenceIsExactlyMinusFourAndBadSamplesAreErrors) {
  EXPECT_TRUE(wav2lip_mel(at::zeros({4000})).eq(-4.0F).all().item<bool>());
  EXPECT_THROW(wav2lip_mel(at::full({4000}, NAN)), Error);
  EXPECT_THROW(wav2lip_mel(at::zeros({100})), Error);
}

TEST(Chunks, StartsEqualTheTables) {
  for (const auto& row :
       nlohmann::json::parse(std::ifstream(test::data("parity/wav2lip/chunks.json")))) {
    const auto got = chunk_starts(row["columns"], row["fps"]);
    ASSERT_EQ(got.size(), row["chunks"].get<size_t>()) << row.dump();
    if (row.contains("starts")) EXPECT_EQ(got, row["starts"].get<std::vector<int64_t>>());
    if (!row.contains("starts_head")) continue;
    const auto head = row["starts_head"].get<std::vector<int64_t>>(),
               tail = row["starts_tail"].get<std::vector<int64_t>>();
    EXPECT_TRUE(std::equal(head.begin(), head.end(), got.begin()));
    EXPECT_TRUE(std::equal(tail.rbegin(), tail.rend(), got.rbegin()));
  }
  EXPECT_THROW(chunk_starts(15, 25), Error);
  EXPECT_THROW(chunk_starts(100, 0), Error);
}

TEST(LipWindow, PastTheEndThereIsSilence) {
  const at::Tensor mel = at::arange(80 * 20, at::kFloat).reshape({80, 20});
  EXPECT_TRUE(lip_window(mel, 0.04)[0].equal(mel.slice(1, 3, 19)));
  const at::Tensor late = lip_window(mel, 0.2)[0];
  EXPECT_TRUE(late.slice(1, 0, 4).equal(mel.slice(1, 16)));
  EXPECT_TRUE(late.slice(1, 4).eq(-4.0F).all().item<bool>());
  EXPECT_TRUE(lip_window(mel, 100.0).eq(-4.0F).all().item<bool>());
}

}  // namespace
}  // namespace vl::dsp
