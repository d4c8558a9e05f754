#include "vl/dsp/wav2lip_mel.h"

#include <gtest/gtest.h>

#include <cstring>
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

/// Columns 0, 1, -2, -1.
at::Tensor edges(const at::Tensor& mel) {
  return at::cat({mel.slice(1, 0, 2), mel.slice(1, mel.size(1) - 2)}, 1);
}

uint32_t crc32(const std::vector<int64_t>& values) {
  uint32_t crc = ~0U;
  for (const int64_t value : values)
    for (int byte = 0; byte < 8; ++byte) {
      crc ^= static_cast<uint32_t>(static_cast<uint64_t>(value) >> (8 * byte) & 0xFF);
      for (int k = 0; k < 8; ++k) crc = crc >> 1 ^ (0xEDB88320U & -(crc & 1U));
    }
  return ~crc;
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
  expect_close("edges", edges(zero), golden().at("out:mel_eng5s_zeropad_edges"), 1e-6);
  expect_close("edges60s", edges(wav2lip_mel(test::parity_speech(0, 960000), Pad::kZero)),
               golden().at("out:mel_eng60s_zeropad_edges"), 1e-6);
  EXPECT_TRUE(zero.slice(1, 2, -2).equal(reflect.slice(1, 2, -2)));
}

TEST(Wav2LipMel, BandsEqualTheGolden) {
  const at::Tensor bands =
      mel_filterbank(MelScale::kSlaney, kLipRate, 800, kLipMels, 55.0, 7600.0).to(at::kFloat);
  expect_close("rows", bands.index_select(0, at::tensor({0, 1, 20, 40, 79})),
               golden().at("out:mel_basis_rows_0_1_20_40_79"), 1e-9);
  expect_close("sums", bands.to(at::kDouble).sum(1), golden().at("out:mel_basis_row_sums"), 1e-8);
}

TEST(Wav2LipMel, APortraitWithVeryQuietBinsEqualsTheGolden) {
  const auto file = test::shared("assets/face/portrait_1080p_hevc.wav");
  if (file.empty()) GTEST_SKIP() << "the portrait's sound is not in the repository";
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const size_t start = bytes.find("data") + 8;
  std::vector<int16_t> pcm((bytes.size() - start) / 2);
  std::memcpy(pcm.data(), bytes.data() + start, 2 * pcm.size());
  const at::Tensor wave = at::tensor(pcm, at::kShort).slice(0, 0, 153600).to(at::kFloat) / 32768.0F;
  expect_close("reflect", wav2lip_mel(wave), golden().at("out:mel_portrait"), 1e-6, 0, 7);
  expect_close("zero", edges(wav2lip_mel(wave, Pad::kZero)),
               golden().at("out:mel_portrait_zeropad_edges"), 1e-6);
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
    EXPECT_EQ(crc32(got), row["starts_crc32_int64le"].get<uint32_t>()) << row.dump();
    if (row.contains("starts")) {
      EXPECT_EQ(got, row["starts"].get<std::vector<int64_t>>());
    }
  }
  EXPECT_THROW(chunk_starts(15, 25), Error);
  for (const double fps : {0.0, -25.0, 1001.0, double{NAN}, double{INFINITY}})
    EXPECT_THROW(chunk_starts(100, fps), Error) << fps;
  EXPECT_EQ(chunk_starts(100, 1e-300), (std::vector<int64_t>{0, 84}));
}

TEST(LipCut, ColumnsOfAPieceAreThoseOfTheWhole) {
  for (const int64_t samples : {int64_t{3600}, int64_t{3799}, int64_t{16000}, int64_t{50123}}) {
    const at::Tensor wave = test::parity_speech(48000, 48000 + samples)[0];
    const at::Tensor whole = wav2lip_mel(wave);
    const int64_t columns = whole.size(1);
    for (const int64_t first : {int64_t{0}, int64_t{1}, columns / 2, columns - 1})
      for (const int64_t last : {first + 1, columns}) {
        const LipCut cut = lip_cut(samples, first, last);
        ASSERT_GE(cut.begin, 0);
        ASSERT_LE(cut.end, samples);
        const at::Tensor part = wav2lip_mel(wave.slice(0, cut.begin, cut.end));
        test::expect_close("part", part.slice(1, cut.skip, cut.skip + last - first),
                           whole.slice(1, first, last), 1e-6);
      }
  }
}

}  // namespace
}  // namespace vl::dsp
