#include <fstream>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/entries/run.h"
#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/entries/entry.h"
#include "vl/weights/fill.h"

namespace vl::entries {
namespace {

constexpr uint64_t kSeed = 20209;

const nlohmann::json& table() {
  static const nlohmann::json all =
      nlohmann::json::parse(std::ifstream(test::data("parity/wav2lip/image.json")));
  return all;
}

at::Tensor golden(const std::string& key) {
  return test::golden("parity/wav2lip/golden_image.safetensors").at(key);
}

/// U(NAME, shape) of the parity data: the fill with scale and offset 128, floored to bytes.
at::Tensor bytes(const std::string& name, at::IntArrayRef shape) {
  return weights::fill_tensor("input:" + name, shape, kSeed, 128, 128)
      .floor()
      .clamp(0, 255)
      .to(at::kByte);
}

uint32_t crc32(const at::Tensor& values) {
  const at::Tensor data = values.to(at::kByte).contiguous();
  uint32_t crc = ~0U;
  for (int64_t i = 0; i < data.numel(); ++i) {
    crc ^= data.data_ptr<uint8_t>()[i];
    for (int k = 0; k < 8; ++k) crc = crc >> 1 ^ (0xEDB88320U & -(crc & 1U));
  }
  return ~crc;
}

at::Tensor resized(const at::Tensor& picture, int64_t width, int64_t height) {
  return run("image", "resize", nullptr,
             {{"crop_bgr_u8", picture}, {"size", at::tensor({width, height}, at::kLong)}})
      .at("resized_u8");
}

TEST(ImageEntry, ResizeEqualsOpenCvBitForBit) {
  for (const auto& row : table()["resize"]) {
    const int64_t k = row["k"], w = row["w"], h = row["h"];
    const at::Tensor to = resized(bytes(fmt::format("img{}.crop", k), {h, w, 3}), 96, 96),
                     from = resized(bytes(fmt::format("img{}.pred", k), {96, 96, 3}), w, h);
    EXPECT_EQ(to.sizes(), (std::vector<int64_t>{96, 96, 3}));
    EXPECT_EQ(from.sizes(), (std::vector<int64_t>{h, w, 3}));
    EXPECT_EQ(crc32(to), row["to96_crc32"].get<uint32_t>()) << row.dump();
    EXPECT_EQ(crc32(from), row["from96_crc32"].get<uint32_t>()) << row.dump();
  }
}

TEST(ImageEntry, PasteEqualsTheGolden) {
  const auto box = table()["paste_box_y1y2x1x2"].get<std::vector<int64_t>>();
  const Tensors out =
      run("image", "paste", nullptr,
          {{"frame_bgr_u8", bytes("paste.frame", {64, 80, 3})},
           {"pred", weights::fill_tensor("input:paste.pred", {3, 96, 96}, kSeed, 0.5, 0.5)},
           {"box", at::tensor({box[2], box[0], box[3], box[1]}, at::kLong)}});
  test::expect_equal("paste.frame_after", out.at("frame_after_u8"),
                     golden("out:paste.frame_after"));
}

TEST(ImageEntry, BadInputsAreErrors) {
  const at::Tensor frame = at::zeros({64, 80, 3}, at::kByte), pred = at::zeros({3, 96, 96});
  const auto whole = [](std::vector<int64_t> v) { return at::tensor(v, at::kLong); };
  const struct {
    const char* entry;
    Tensors inputs;
  } rows[] = {
      {"resize", {{"crop_bgr_u8", frame}, {"size", whole({0, 5})}}},
      {"resize", {{"crop_bgr_u8", frame}, {"size", whole({-1, 5})}}},
      {"resize", {{"crop_bgr_u8", frame}, {"size", whole({int64_t{1} << 40, 5})}}},
      {"resize", {{"crop_bgr_u8", frame}, {"size", whole({32768, 32768})}}},
      {"resize", {{"crop_bgr_u8", frame.slice(0, 0, 0)}, {"size", whole({5, 5})}}},
      {"resize", {{"crop_bgr_u8", frame.to(at::kFloat)}, {"size", whole({5, 5})}}},
      {"resize", {{"crop_bgr_u8", frame}}},
      {"paste", {{"frame_bgr_u8", frame}, {"pred", pred}, {"box", whole({0, 0, 81, 64})}}},
      {"paste", {{"frame_bgr_u8", frame}, {"pred", pred}, {"box", whole({-1, 0, 80, 64})}}},
      {"paste", {{"frame_bgr_u8", frame}, {"pred", pred}, {"box", whole({5, 5, 5, 9})}}},
      {"paste", {{"frame_bgr_u8", frame}, {"pred", pred / 0}, {"box", whole({0, 0, 8, 8})}}},
      {"paste",
       {{"frame_bgr_u8", frame.slice(1, 0, 0)}, {"pred", pred}, {"box", whole({0, 0, 1, 1})}}},
  };
  for (const auto& row : rows)
    EXPECT_THROW(run("image", row.entry, nullptr, row.inputs), Error)
        << row.entry << ", row " << &row - rows;
}

}  // namespace
}  // namespace vl::entries
