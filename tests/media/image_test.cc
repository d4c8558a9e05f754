#include "vl/media/image.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/media/paste.h"

namespace vl::media {
namespace {

constexpr uint64_t kSeed = 20209, kGolden = 0x9E3779B97F4A7C15ULL;

/// The rule of parity/fill.py.
std::vector<float> fill(const std::string& name, size_t count, float scale, float offset) {
  uint64_t h = 0xCBF29CE484222325ULL;
  for (const char c : "input:" + name) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001B3ULL;
  h ^= kSeed * kGolden;
  std::vector<float> out(count);
  for (size_t i = 0; i < count; ++i) {
    uint64_t z = h + (i + 1) * kGolden;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    const volatile float scaled =
        scale * (2.0F * (static_cast<float>(z >> 40) / 16777216.0F) - 1.0F);
    out[i] = scaled + offset;
  }
  return out;
}

Image filled(const std::string& name, int width, int height) {
  Image out(width, height);
  const auto values = fill(name, out.data.size(), 128.0F, 128.0F);
  for (size_t i = 0; i < values.size(); ++i)
    out.data[i] = static_cast<uint8_t>(std::clamp(std::floor(values[i]), 0.0F, 255.0F));
  return out;
}

uint32_t crc32(const std::vector<uint8_t>& data) {
  uint32_t crc = ~0U;
  for (const uint8_t byte : data) {
    crc ^= byte;
    for (int k = 0; k < 8; ++k) crc = crc >> 1 ^ (0xEDB88320U & -(crc & 1U));
  }
  return ~crc;
}

const nlohmann::json& table() {
  static const nlohmann::json all =
      nlohmann::json::parse(std::ifstream(test::data("parity/wav2lip/image.json")));
  return all;
}

/// Raw bytes of one tensor of golden_image.safetensors.
std::string golden(const std::string& key) {
  std::ifstream in(test::data("parity/wav2lip/golden_image.safetensors"), std::ios::binary);
  const std::string all(std::istreambuf_iterator<char>(in), {});
  uint64_t header = 0;
  std::memcpy(&header, all.data(), 8);
  const auto info = nlohmann::json::parse(all.substr(8, header))[key]["data_offsets"];
  return all.substr(8 + header + info[0].get<size_t>(),
                    info[1].get<size_t>() - info[0].get<size_t>());
}

TEST(Resize, EqualsOpenCvBitForBit) {
  for (const auto& row : table()["resize"]) {
    const int k = row["k"], w = row["w"], h = row["h"];
    EXPECT_EQ(crc32(resize(filled(fmt::format("img{}.crop", k), w, h), 96, 96).data),
              row["to96_crc32"].get<uint32_t>())
        << row.dump();
    EXPECT_EQ(crc32(resize(filled(fmt::format("img{}.pred", k), 96, 96), w, h).data),
              row["from96_crc32"].get<uint32_t>())
        << row.dump();
  }
  for (const auto& row : table()["frame_resize"])
    EXPECT_EQ(crc32(resize(filled(fmt::format("frame{}", row["k"].get<int>()), row["w"], row["h"]),
                           row["out_w"], row["out_h"])
                        .data),
              row["crc32"].get<uint32_t>())
        << row.dump();
}

TEST(Rotate, NinetyDegreesClockwiseEqualsTheGolden) {
  const Image turned = rotate(filled("rot", 7, 5), 90);
  const std::string want = golden("out:rotate90cw");
  ASSERT_EQ(turned.data.size(), want.size());
  EXPECT_EQ(std::memcmp(turned.data.data(), want.data(), want.size()), 0);
  EXPECT_EQ(rotate(rotate(turned, 90), 270).data, turned.data);
  EXPECT_EQ(rotate(rotate(turned, 180), 180).data, turned.data);
}

TEST(Paste, NetworkInputAndHardPasteEqualTheReference) {
  Image frame = filled("paste.frame", 80, 64);
  const auto box = table()["paste_box_y1y2x1x2"];
  const Rect rect{box[2], box[0], box[3], box[1]};
  std::vector<float> input(6 * 96 * 96);
  network_input(resize(crop(frame, rect), 96, 96), input.data());
  const std::string want = golden("out:paste.network_input");
  const auto index = nlohmann::json::parse(std::ifstream(test::data("parity/wav2lip/index.json")));
  const size_t stride = index["out:paste.network_input"]["stride"], n = want.size() / 4;
  ASSERT_EQ(n, (input.size() + stride - 1) / stride);
  for (size_t i = 0; i < n; ++i)
    EXPECT_EQ(std::memcmp(&input[i * stride], want.data() + 4 * i, 4), 0) << i;
  const Image prediction = prediction_image(fill("paste.pred", 3 * 96 * 96, 0.5F, 0.5F).data());
  paste_box(frame, rect, prediction);
  const std::string after = golden("out:paste.frame_after");
  ASSERT_EQ(after.size(), frame.data.size());
  EXPECT_EQ(std::memcmp(frame.data.data(), after.data(), after.size()), 0);
}

TEST(Crop, LeavingThePictureIsAnError) {
  const Image image(10, 10);
  for (const Rect r : {Rect{-1, 0, 5, 5}, Rect{0, 0, 11, 5}, Rect{5, 5, 5, 6}, Rect{6, 5, 5, 6}})
    EXPECT_THROW(crop(image, r), Error);
  EXPECT_THROW(resize(Image(), 5, 5), Error);
}

}  // namespace
}  // namespace vl::media
