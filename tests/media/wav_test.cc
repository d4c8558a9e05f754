#include "vl/media/wav.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/paths.h"
#include "vl/core/error.h"

namespace vl::media {
namespace {

void put(std::string& s, uint32_t v, int bytes) {
  for (int i = 0; i < bytes; ++i) s += static_cast<char>(v >> (8 * i));
}

std::string wav_bytes(int tag, int bits, const std::string& data, bool extensible = false,
                      uint32_t declared = 0) {
  std::string fmt;
  put(fmt, extensible ? 0xFFFEU : static_cast<uint32_t>(tag), 2);
  put(fmt, 1, 2), put(fmt, 16000, 4), put(fmt, 16000U * static_cast<uint32_t>(bits) / 8, 4),
      put(fmt, static_cast<uint32_t>(bits) / 8, 2), put(fmt, static_cast<uint32_t>(bits), 2);
  if (extensible) {
    put(fmt, 22, 2), put(fmt, static_cast<uint32_t>(bits), 2), put(fmt, 0, 4),
        put(fmt, static_cast<uint32_t>(tag), 2);
    fmt += std::string(14, '\0');
  }
  std::string out = "RIFF";
  put(out, 0, 4);
  out += "WAVEfmt ";
  put(out, static_cast<uint32_t>(fmt.size()), 4);
  out += fmt + "data";
  put(out, declared ? declared : static_cast<uint32_t>(data.size()), 4);
  return out + data;
}

struct WavFiles : testing::Test {
  test::TempDir dir;
  std::filesystem::path write(const std::string& bytes) {
    std::ofstream(dir / "x.wav", std::ios::binary) << bytes;
    return dir / "x.wav";
  }
};

TEST_F(WavFiles, EveryFormat) {
  const float half = 0.5F;
  const double minus = -0.25;
  const struct {
    const char* name;
    std::string bytes;
    float want;
  } rows[] = {
      {"8 bit", wav_bytes(1, 8, std::string(1, '\xC0')), 0.5F},
      {"16 bit", wav_bytes(1, 16, std::string("\x00\xC0", 2)), -0.5F},
      {"24 bit", wav_bytes(1, 24, std::string("\x00\x00\x40", 3)), 0.5F},
      {"32 bit", wav_bytes(1, 32, std::string("\x00\x00\x00\x80", 4)), -1.0F},
      {"float", wav_bytes(3, 32, std::string(reinterpret_cast<const char*>(&half), 4)), 0.5F},
      {"double", wav_bytes(3, 64, std::string(reinterpret_cast<const char*>(&minus), 8)), -0.25F},
      {"extensible", wav_bytes(1, 16, std::string("\x00\x40", 2), true), 0.5F},
      {"unknown size", wav_bytes(1, 16, std::string("\x00\x40", 2), false, 0xFFFFFFFFU), 0.5F},
  };
  for (const auto& row : rows) {
    const Pcm pcm = read_wav(write(row.bytes));
    ASSERT_EQ(pcm.samples.size(), 1u) << row.name;
    EXPECT_EQ(pcm.samples[0], row.want) << row.name;
    EXPECT_EQ(pcm.rate, 16000) << row.name;
  }
}

TEST_F(WavFiles, DamagedFilesAreErrors) {
  const std::string good = wav_bytes(1, 16, std::string(100, 'a'));
  for (size_t n : {0, 4, 11, 12, 20, 30, 43})
    EXPECT_THROW(read_wav(write(good.substr(0, n))), Error) << n;
  EXPECT_THROW(read_wav(write(good.substr(0, 80))), Error);
  EXPECT_THROW(read_wav(write(wav_bytes(85, 16, "ab"))), Error);
  EXPECT_THROW(read_wav(write(wav_bytes(1, 12, "ab"))), Error);
  EXPECT_THROW(read_wav(dir / "absent.wav"), Error);
}

TEST_F(WavFiles, WritingRoundsAndSaturates) {
  write_wav(dir / "y.wav", {{0.0F, 1.5F, -1.5F, 1.4F / 32768, 0.25F, -0.25F}, 44100, 2});
  const Pcm pcm = read_wav(dir / "y.wav");
  EXPECT_EQ(pcm.channels, 2);
  EXPECT_EQ(pcm.samples,
            (std::vector<float>{0.0F, 32767.0F / 32768, -1.0F, 1.0F / 32768, 0.25F, -0.25F}));
  EXPECT_EQ(to_mono(pcm).samples[2], 0.0F);
  EXPECT_THROW(write_wav(dir / "y.wav", pcm, false), Error);
}

}  // namespace
}  // namespace vl::media
