#include "vl/weights/npz.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/core/file.h"

namespace vl::weights {
namespace {

/// Sum of element * (row-major index + 1), which depends on every value and its place.
int64_t signature(const at::Tensor& t) {
  const at::Tensor flat = t.to(at::kLong).reshape({-1});
  return (flat * at::arange(1, flat.numel() + 1, at::kLong)).sum().item<int64_t>();
}

TEST(Npz, PresetsAndPackedFilesGiveTheArraysOfNumPy) {
  const struct {
    const char* file;
    std::vector<int64_t> shape;
    int64_t audio, text;
    int lang;
    at::ScalarType lang_type;
  } rows[] = {
      {"assets/vallex/presets/cafe.npz", {1, 331, 8}, 1994357745, 1861, 1, at::kInt},
      {"assets/vallex/presets/rosalia.npz", {1, 161, 8}, 448479962, 1653, 0, at::kLong},
      {"assets/vallex/presets/librispeech_2.npz", {1, 225, 8}, 987483744, 945, 2, at::kInt},
      {"weights/deflated.npz", {1, 40, 8}, 25740050, 435, 1, at::kInt},
  };
  for (const auto& row : rows) {
    const auto got = read_npz(test::data(row.file).string());
    EXPECT_EQ(got.at("audio_tokens").sizes(), at::IntArrayRef(row.shape)) << row.file;
    EXPECT_EQ(signature(got.at("audio_tokens")), row.audio) << row.file;
    EXPECT_EQ(got.at("text_tokens").sum().item<int64_t>(), row.text) << row.file;
    EXPECT_EQ(got.at("lang_code").item<int64_t>(), row.lang) << row.file;
    EXPECT_EQ(got.at("lang_code").scalar_type(), row.lang_type) << row.file;
    EXPECT_EQ(got.at("lang_code").dim(), 0) << row.file;
  }
}

TEST(Npz, HalfAndBoolArrays) {
  const auto got = read_npz(test::data("weights/deflated.npz").string());
  EXPECT_TRUE(got.at("half").equal(at::linspace(-2, 2, 9).to(at::kHalf)));
  EXPECT_TRUE(got.at("flags").equal(at::tensor({1, 0}).to(at::kBool)));
}

TEST(Npz, EveryDamagedByteIsAResultOrAnError) {
  for (const char* file : {"weights/deflated.npz", "assets/vallex/presets/cafe.npz"}) {
    const std::string original = read_file(test::data(file).string());
    const size_t step = std::max<size_t>(original.size() / 1500, 1);
    size_t errors = 0;
    for (size_t at = 0; at < original.size(); at += step) {
      auto bytes = std::make_shared<std::string>(original);
      (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << (at % 8)));
      if (at % 3 == 0) bytes->resize(at);
      try {
        read_npz_bytes({bytes, bytes->data(), bytes->size()}, file);
      } catch (const Error& e) {
        EXPECT_EQ(e.exit(), 5) << e.message();
        ++errors;
      }
    }
    // The members' checksums notice what lies in their data.
    EXPECT_GT(errors, original.size() / step * 2 / 3) << file;
  }
}

}  // namespace
}  // namespace vl::weights
