#include "vl/media/audio.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>

#include <fcntl.h>
#include <unistd.h>

#include "tests/media/support.h"
#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/media/audio_reader.h"
#include "vl/media/audio_writer.h"
#include "vl/media/resampler.h"

namespace vl::media {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::noise;
using test::read_whole;

void put(std::string& s, uint32_t v, int bytes) {
  for (int i = 0; i < bytes; ++i) s += static_cast<char>(v >> (8 * i));
}

std::string wav_bytes(uint32_t tag, uint32_t bits, const std::string& data, uint32_t declared,
                      uint32_t channels = 1, uint32_t rate = 16000) {
  std::string out = "RIFF";
  put(out, declared == 0xFFFFFFFFU ? declared : declared + 36, 4);
  out += "WAVEfmt ";
  put(out, 16, 4), put(out, tag, 2), put(out, channels, 2), put(out, rate, 4),
      put(out, rate * channels * bits / 8, 4), put(out, channels * bits / 8, 2), put(out, bits, 2);
  out += "data";
  put(out, declared, 4);
  return out + data;
}

struct Sound : testing::Test {
  test::TempDir dir;

  std::string file(const std::string& name, const std::string& bytes) {
    std::ofstream(dir / name, std::ios::binary) << bytes;
    return (dir / name).string();
  }
};

TEST_F(Sound, WavOfEveryKindIsExact) {
  const std::vector<float> values = noise(8000);
  const std::string random(reinterpret_cast<const char*>(values.data()), values.size() * 4);
  const struct {
    const char* name;
    uint32_t tag, bits, channels;
  } rows[] = {{"8", 1, 8, 1},   {"16", 1, 16, 1},    {"24", 1, 24, 2},
              {"32", 1, 32, 1}, {"float", 3, 32, 2}, {"16 stereo", 1, 16, 2}};
  for (const auto& row : rows)
    for (const bool piped : {false, true}) {
      const auto size = piped ? 0xFFFFFFFFU : static_cast<uint32_t>(random.size());
      const size_t frame = row.bits / 8 * row.channels;
      const std::string data = random.substr(0, random.size() / frame * frame);
      const std::string path =
          file("x.wav", wav_bytes(row.tag, row.bits, data,
                                  piped ? size : static_cast<uint32_t>(data.size()), row.channels));
      const Pcm got = read_whole(AudioReader(path)), want = read_wav(path);
      EXPECT_EQ(got.rate, 16000) << row.name;
      EXPECT_EQ(got.channels, row.channels) << row.name;
      EXPECT_EQ(got.samples, want.samples) << row.name << (piped ? " piped" : "");
    }
}

TEST_F(Sound, DoublesAreRoundedToFloat) {
  const double values[] = {0.1, -0.3, 1.7};
  const std::string path =
      file("d.wav", wav_bytes(3, 64, std::string(reinterpret_cast<const char*>(values), 24), 24));
  EXPECT_EQ(read_whole(AudioReader(path)).samples, (std::vector<float>{0.1F, -0.3F, 1.7F}));
}

TEST_F(Sound, SamplesThatAreNoNumbersAreReplacedAndCounted) {
  std::vector<float> values = noise(20000);
  values[3] = std::numeric_limits<float>::quiet_NaN();
  values[15000] = std::numeric_limits<float>::infinity();
  values[15001] = -std::numeric_limits<float>::infinity();
  const std::string data(reinterpret_cast<const char*>(values.data()), values.size() * 4);
  const std::string path =
      file("nan.wav", wav_bytes(3, 32, data, static_cast<uint32_t>(data.size())));
  const Pcm got = read_whole(AudioReader(path));
  EXPECT_EQ(got.replaced, 3);
  for (const size_t i : {size_t{3}, size_t{15000}, size_t{15001}}) values[i] = 0;
  EXPECT_EQ(got.samples, values);
  EXPECT_EQ(read_audio(path, 0, true).replaced, 3);
}

TEST_F(Sound, StandardInputIsSpooled) {
  const std::vector<float> values = noise(50000);
  const std::string data(reinterpret_cast<const char*>(values.data()), values.size() * 4);
  const std::string path = file("pipe.wav", wav_bytes(3, 32, data, 0xFFFFFFFFU));
  const int saved = ::dup(STDIN_FILENO);
  const auto with_stdin = [&](const std::string& from, const std::function<void()>& run) {
    const int fd = ::open(from.c_str(), O_RDONLY);
    ::dup2(fd, STDIN_FILENO);
    ::close(fd);
    run();
    ::dup2(saved, STDIN_FILENO);
  };
  const fs::path folder = dir / "spool";
  fs::create_directory(folder);
  with_stdin(path, [&] {
    AudioReader reader = AudioReader::from_stdin(folder.string());
    EXPECT_EQ(reader.info().path, "standard input");
    EXPECT_TRUE(fs::is_empty(folder));
    EXPECT_EQ(read_whole(std::move(reader)).samples, values);
  });
  with_stdin("/dev/null", [&] {
    EXPECT_EQ(code_of([&] { AudioReader::from_stdin(folder.string()); }), Code::kNotDecodable);
  });
  with_stdin(path, [&] {
    EXPECT_EQ(code_of([&] { AudioReader::from_stdin((dir / "absent").string()); }),
              Code::kNotWritable);
  });
  ::close(saved);
}

TEST_F(Sound, AFileThatWasCutOffEndsEarly) {
  const std::string data(64000, '\1');
  const std::string whole = wav_bytes(1, 16, data, 64000);
  const std::string list = whole.substr(0, 36) + std::string("LIST\4\0\0\0abcd", 12);
  const auto read = [&](const std::string& bytes) {
    return code_of([&] { read_whole(AudioReader(file("cut.wav", bytes))); });
  };
  EXPECT_EQ(read(whole.substr(0, 30000)), Code::kTruncatedInput);
  EXPECT_EQ(read(list + whole.substr(36, 30000)), Code::kTruncatedInput);
  EXPECT_EQ(read(whole.substr(0, 44)), Code::kTruncatedInput);
  EXPECT_EQ(read(wav_bytes(1, 16, "", 0)), Code::kTruncatedInput);
  // A few samples less, and lengths that a program wrote before it knew them.
  EXPECT_EQ(read_whole(AudioReader(file("a.wav", whole.substr(0, 63044)))).frames(), 31500);
  for (const uint32_t open : {0x7FFFF000U, 0x7FFFFFFFU, 0xFFFFFFFFU})
    EXPECT_EQ(read_whole(AudioReader(file("b.wav", wav_bytes(1, 16, data, open)))).frames(), 32000);
  EXPECT_EQ(declared_wav_seconds(file("w.wav", list + whole.substr(36))), 2.0);
  EXPECT_EQ(declared_wav_seconds(file("n.wav", "RIFF")), 0.0);

  const std::string mp3 = (dir / "whole.mp3").string();
  AudioWriter writer(mp3, {AudioKind::kMp3, 16000, 1}, false);
  const std::vector<float> tone = noise(160000);
  writer.write(tone.data(), 160000);
  writer.close();
  EXPECT_EQ(read_whole(AudioReader(mp3)).frames(), 160000);
  fs::resize_file(mp3, fs::file_size(mp3) / 2);
  EXPECT_EQ(code_of([&] { read_whole(AudioReader(mp3)); }), Code::kTruncatedInput);
}

TEST_F(Sound, WaitingForStandardInputCanBeEnded) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int saved = ::dup(STDIN_FILENO);
  ::dup2(ends[0], STDIN_FILENO);
  int calls = 0;
  const auto check = [&] {
    if (++calls == 3) fail(Code::kCancelled, "cancelled");
  };
  EXPECT_EQ(code_of([&] { AudioReader::from_stdin(dir.path().string(), check); }),
            Code::kCancelled);
  ::dup2(saved, STDIN_FILENO);
  for (const int fd : {saved, ends[0], ends[1]}) ::close(fd);
}

TEST(FileRate, NextOneThatTheCodecHas) {
  const struct {
    AudioKind kind;
    int64_t wanted, has;
  } rows[] = {{AudioKind::kWav, 17000, 17000},  {AudioKind::kRaw, 17000, 17000},
              {AudioKind::kMp3, 17000, 22050},  {AudioKind::kMp3, 32000, 32000},
              {AudioKind::kOpus, 40000, 48000}, {AudioKind::kM4a, 16000, 24000},
              {AudioKind::kFlac, 40000, 40000}};
  for (const auto& row : rows) EXPECT_EQ(file_rate(row.kind, row.wanted), row.has) << row.wanted;
}

TEST_F(Sound, ReadAudioIsTheBlocksInARow) {
  const std::string path = test::source("assets/demo/avatar.mp4").string();
  int64_t blocks = 0;
  const Pcm pieces = read_whole(AudioReader(path), &blocks), whole = read_audio(path, 0, false);
  EXPECT_GT(blocks, 100);
  EXPECT_EQ(pieces.samples, whole.samples);
  EXPECT_EQ(pieces.rate, 44100);
  EXPECT_EQ(code_of([&] { read_audio(path, 0, true, 4.0); }), Code::kOverLimit);
}

TEST_F(Sound, OnlySoundFilesMayBeLongerThanFourHours) {
  // A sparse file: 5 h of silence at 8 kHz, 8 bits.
  const uint32_t size = 5 * 3600 * 8000;
  const std::string path = file("long.wav", wav_bytes(1, 8, "", size, 1, 8000));
  fs::resize_file(path, 44 + size);
  EXPECT_EQ(code_of([&] { probe(path); }), Code::kOverLimit);
  EXPECT_EQ(code_of([&] { read_audio(path, 0, true); }), Code::kOverLimit);
  AudioReader reader(path);
  EXPECT_NEAR(reader.info().seconds, 5 * 3600.0, 1e-6);
  Pcm block;
  while (reader.read(block)) ASSERT_LT(block.frames(), 100000);
  EXPECT_EQ(reader.frames(), size);
}

TEST_F(Sound, BadInputsHaveTheirCodes) {
  const struct {
    std::string path;
    Code code;
  } rows[] = {{file("text.wav", "only words and words and words and words"), Code::kNotDecodable},
              {file("empty.wav", ""), Code::kNotDecodable},
              {file("nothing.wav", wav_bytes(1, 16, "", 0)), Code::kTruncatedInput},
              {(dir / "absent.wav").string(), Code::kNotFound},
              {"http://example.invalid/x.wav", Code::kNotFound}};
  for (const auto& row : rows)
    EXPECT_EQ(code_of([&] { read_whole(AudioReader(row.path)); }), row.code) << row.path;
}

TEST(Resampler, BlocksDoNotChangeABit) {
  const struct {
    int64_t from, to, channels;
  } rows[] = {{44100, 16000, 1}, {16000, 44100, 2}, {48000, 40000, 1}, {40000, 48000, 1},
              {22050, 48000, 1}, {48000, 44100, 2}, {8000, 96000, 1},  {44100, 44100, 2},
              {12345, 54321, 1}, {96000, 8000, 1}};
  for (const auto& row : rows) {
    const int64_t frames = 60001;
    const Pcm in{noise(static_cast<size_t>(frames * row.channels)), row.from, row.channels};
    const Pcm whole = resample(in, row.to);
    EXPECT_EQ(whole.frames(),
              std::llround(static_cast<double>(frames * row.to) / static_cast<double>(row.from)));
    for (const int64_t block : {1, 7, 160, 1024, 16001}) {
      Resampler resampler(row.from, row.to, row.channels);
      std::vector<float> got;
      for (int64_t at = 0; at < frames; at += block) {
        const auto part =
            resampler.push(in.samples.data() + at * row.channels, std::min(block, frames - at));
        got.insert(got.end(), part.begin(), part.end());
      }
      const auto rest = resampler.finish();
      got.insert(got.end(), rest.begin(), rest.end());
      EXPECT_TRUE(got == whole.samples) << row.from << " to " << row.to << " by " << block;
    }
  }
}

TEST(Resampler, LengthsOfShortInputs) {
  for (const int64_t frames : {0, 1, 2, 3, 10, 441, 4000})
    for (const int64_t to : {8000, 16000, 32000, 40000, 48000}) {
      const Pcm in{std::vector<float>(static_cast<size_t>(frames), 0.25F), 44100, 1};
      EXPECT_EQ(resample(in, to).frames(), std::llround(static_cast<double>(frames * to) / 44100.0))
          << frames << " to " << to;
    }
  EXPECT_EQ(code_of([] { Resampler(0, 16000, 1); }), Code::kBadValue);
  EXPECT_EQ(code_of([] { Resampler(16000, 16000, 0); }), Code::kBadValue);
}

}  // namespace
}  // namespace vl::media
