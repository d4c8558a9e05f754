#include "vl/media/audio_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include "tests/media/support.h"
#include "tests/support/paths.h"
#include "vl/core/file.h"
#include "vl/media/audio.h"
#include "vl/media/av_handles.h"

namespace vl::media {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::noise;
using test::read_whole;

constexpr struct {
  AudioKind kind;
  const char* name;
} kKinds[] = {{AudioKind::kWav, "x.wav"}, {AudioKind::kFlac, "x.flac"},
              {AudioKind::kMp3, "x.mp3"}, {AudioKind::kOpus, "x.opus"},
              {AudioKind::kM4a, "x.m4a"}, {AudioKind::kRaw, "x.raw"}};

std::vector<int16_t> noise_int16(size_t count) {
  std::vector<int16_t> out(count);
  const std::vector<float> values = noise(count, 1.0F);
  for (size_t i = 0; i < count; ++i) out[i] = static_cast<int16_t>(values[i] * 32768.0F);
  return out;
}

/// Two tones that swell, so that a shift in time shows.
Pcm tones(int64_t rate, int64_t channels, int64_t frames) {
  Pcm out{std::vector<float>(static_cast<size_t>(frames * channels)), rate, channels};
  for (int64_t i = 0; i < frames; ++i)
    for (int64_t c = 0; c < channels; ++c) {
      const double t = static_cast<double>(i) / static_cast<double>(rate);
      out.samples[static_cast<size_t>(i * channels + c)] = static_cast<float>(
          0.3 * std::sin(5.0 * t) * std::sin(2 * M_PI * (c == 0 ? 440.0 : 700.0) * t + 0.3));
    }
  return out;
}

void write_in_blocks(AudioWriter& writer, const Pcm& pcm, int64_t block) {
  for (int64_t at = 0; at < pcm.frames(); at += block)
    writer.write(pcm.samples.data() + at * pcm.channels, std::min(block, pcm.frames() - at));
}

/// How well `gain * want` explains `got`: LAME lowers the level by 0.45 dB at 128 kb/s.
struct Match {
  double gain, error;
};

Match match(const std::vector<float>& got, const std::vector<float>& want) {
  double cross = 0, power = 0, error = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    cross += static_cast<double>(got[i]) * want[i];
    power += static_cast<double>(want[i]) * want[i];
  }
  const double gain = cross / power;
  for (size_t i = 0; i < want.size(); ++i) error += std::pow(got[i] - gain * want[i], 2);
  return {gain, std::sqrt(error / power)};
}

/// Runs with standard output sent to a descriptor.
void with_stdout(int fd, const std::function<void()>& run) {
  std::fflush(stdout);
  const int saved = ::dup(STDOUT_FILENO);
  ::dup2(fd, STDOUT_FILENO);
  run();
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
}

struct Writer : testing::Test {
  test::TempDir dir;
  std::string at(const std::string& name) { return (dir / name).string(); }
};

TEST_F(Writer, KindsByNameAndByFlag) {
  const struct {
    const char *path, *flag;
    AudioKind kind;
  } rows[] = {{"a.wav", "", AudioKind::kWav},    {"a.b.FLAC", "", AudioKind::kFlac},
              {"a.mp3", "", AudioKind::kMp3},    {"a.opus", "", AudioKind::kOpus},
              {"a.ogg", "", AudioKind::kOpus},   {"a.m4a", "", AudioKind::kM4a},
              {"-", "", AudioKind::kWav},        {"-", "raw", AudioKind::kRaw},
              {"a.wav", "mp3", AudioKind::kMp3}, {"noname", "flac", AudioKind::kFlac}};
  for (const auto& row : rows) EXPECT_EQ(audio_kind_of(row.path, row.flag), row.kind) << row.path;
  for (const auto& [path, flag] : {std::pair{"a.txt", ""}, std::pair{"noname", ""},
                                   std::pair{"a.raw", ""}, std::pair{"a.wav", "aiff"}})
    EXPECT_EQ(code_of([&, p = path, f = flag] { audio_kind_of(p, f); }), Code::kBadValue) << path;
}

TEST_F(Writer, SixteenBitsAreKept) {
  for (const int64_t channels : {1, 2})
    for (const char* name : {"x.wav", "x.flac", "x.raw"}) {
      const std::vector<int16_t> values = noise_int16(static_cast<size_t>(20001 * channels));
      const AudioKind kind = audio_kind_of(name, std::strstr(name, "raw") ? "raw" : "");
      AudioWriter writer(at(name), {kind, 40000, channels}, true);
      for (int64_t i = 0; i < 20001; i += 777)
        writer.write_int16(values.data() + i * channels, std::min<int64_t>(777, 20001 - i));
      EXPECT_EQ(writer.frames(), 20001);
      EXPECT_FALSE(fs::exists(at(name)));
      writer.close();
      std::vector<int16_t> got(values.size());
      if (kind == AudioKind::kRaw) {
        const std::string bytes = read_file(at(name));
        ASSERT_EQ(bytes.size(), values.size() * 2);
        std::memcpy(got.data(), bytes.data(), bytes.size());
      } else {
        const Pcm pcm = read_whole(AudioReader(at(name)));
        EXPECT_EQ(pcm.rate, 40000);
        ASSERT_EQ(pcm.samples.size(), values.size()) << name;
        for (size_t i = 0; i < got.size(); ++i)
          got[i] = static_cast<int16_t>(pcm.samples[i] * 32768.0F);
      }
      EXPECT_EQ(got, values) << name;
      fs::remove(at(name));
    }
}

TEST_F(Writer, FloatsAreRoundedAndSaturated) {
  const float values[] = {0.0F, 1.5F, -1.5F, 1.4F / 32768, 0.25F, -0.25F};
  for (const char* name : {"x.wav", "x.flac"}) {
    AudioWriter writer(at(name), {audio_kind_of(name), 16000, 1}, true);
    writer.write(values, 6);
    writer.close();
    EXPECT_EQ(read_audio(at(name), 0, true).samples,
              (std::vector<float>{0.0F, 32767.0F / 32768, -1.0F, 1.0F / 32768, 0.25F, -0.25F}));
  }
}

TEST_F(Writer, LengthsAndTimesSurviveEveryCodec) {
  for (const auto& row : kKinds) {
    if (row.kind == AudioKind::kRaw) continue;
    for (const int64_t rate : {8000, 16000, 24000, 32000, 40000, 44100, 48000, 96000})
      for (const int64_t channels : {1, 2}) {
        const Pcm in = tones(rate, channels, 2 * rate + 321);
        const std::string path = at(row.name);
        AudioWriter writer(path, {row.kind, rate, channels}, true);
        write_in_blocks(writer, in, 1009);
        const int64_t file_rate = writer.rate();
        writer.close();
        const Pcm want = resample(in, file_rate);
        Pcm got = read_whole(AudioReader(path));
        const std::string text = fmt::format("{} {}", row.name, rate);
        EXPECT_EQ(got.rate, file_rate) << text;
        ASSERT_EQ(got.channels, channels) << text;
        // M4A says where its sound ends in whole packets of 1024.
        const int64_t more = row.kind == AudioKind::kM4a ? 1023 : 0;
        EXPECT_GE(got.frames(), want.frames()) << text;
        EXPECT_LE(got.frames(), want.frames() + more) << text;
        got.samples.resize(want.samples.size());
        const bool exact = row.kind == AudioKind::kWav || row.kind == AudioKind::kFlac;
        const Match m = match(got.samples, want.samples);
        EXPECT_LT(m.error, exact ? 2e-4 : 0.03) << text;
        EXPECT_GT(m.gain, exact ? 0.9999 : row.kind == AudioKind::kMp3 ? 0.94 : 0.99) << text;
        EXPECT_LT(m.gain, exact ? 1.0001 : 1.01) << text;
      }
  }
}

TEST_F(Writer, BitRatesLeaveRoomForAVoice) {
  for (const auto& [name, least] :
       {std::pair{"x.mp3", 128000.0}, std::pair{"x.opus", 80000.0}, std::pair{"x.m4a", 96000.0}})
    for (const int64_t rate : {16000, 48000}) {
      AudioWriter writer(at(name), {audio_kind_of(name), rate, 1}, true);
      const Pcm in{noise(static_cast<size_t>(4 * rate), 0.3F), rate, 1};
      write_in_blocks(writer, in, 4096);
      writer.close();
      const double bits = 8.0 * static_cast<double>(fs::file_size(at(name))) / 4.0;
      EXPECT_GT(bits, 0.9 * least) << name << rate;
      EXPECT_LT(bits, 1.5 * 128000) << name << rate;
    }
}

TEST_F(Writer, TagsAndRepeatableBytes) {
  for (const auto& row : kKinds) {
    std::string bytes[2];
    for (std::string& b : bytes) {
      AudioWriter writer(at(row.name), {row.kind, 44100, 1}, true, {{"title", "A \"title\""}});
      write_in_blocks(writer, tones(44100, 1, 44100), 5000);
      writer.close();
      b = read_file(at(row.name));
    }
    EXPECT_TRUE(bytes[0] == bytes[1]) << row.name;
    if (row.kind == AudioKind::kRaw) continue;
    const InputContext input = open_input(at(row.name));
    const AVDictionaryEntry* title = av_dict_get(input->metadata, "title", nullptr, 0);
    if (title == nullptr) title = av_dict_get(input->streams[0]->metadata, "title", nullptr, 0);
    ASSERT_NE(title, nullptr) << row.name;
    EXPECT_STREQ(title->value, "A \"title\"") << row.name;
  }
}

TEST_F(Writer, NothingStaysWithoutClose) {
  const std::vector<float> values = noise(5000);
  for (const auto& row : kKinds) {
    AudioWriter writer(at(row.name), {row.kind, 48000, 1}, false);
    writer.write(values.data(), 5000);
  }
  EXPECT_TRUE(fs::is_empty(dir.path()));
  std::ofstream(at("there.mp3")) << "x";
  const auto open = [&](const std::string& path, AudioFormat format) {
    return code_of([&] { AudioWriter(path, format, false); });
  };
  EXPECT_EQ(open(at("there.mp3"), {AudioKind::kMp3, 44100, 1}), Code::kOutputExists);
  EXPECT_EQ(open(at("absent/x.wav"), {AudioKind::kWav, 44100, 1}), Code::kNotWritable);
  EXPECT_EQ(open(at("x.mp3"), {AudioKind::kMp3, 44100, 6}), Code::kUnsupportedKind);
  EXPECT_EQ(open(at("x.wav"), {AudioKind::kWav, 0, 1}), Code::kBadValue);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 1);
}

TEST_F(Writer, NoSoundIsAFileToo) {
  for (const char* name : {"x.wav", "x.flac", "x.raw"}) {
    AudioWriter(at(name), {audio_kind_of(name, std::string(name).substr(2)), 44100, 1}, true)
        .close();
    EXPECT_TRUE(fs::exists(at(name)));
  }
  EXPECT_EQ(read_wav(at("x.wav")).frames(), 0);
}

TEST_F(Writer, StandardOutput) {
  const std::vector<int16_t> values = noise_int16(10000);
  for (const AudioKind kind : {AudioKind::kWav, AudioKind::kRaw}) {
    const int fd = ::open(at("out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    with_stdout(fd, [&] {
      AudioWriter writer("-", {kind, 40000, 2}, false);
      writer.write_int16(values.data(), 5000);
      writer.close();
    });
    ::close(fd);
    const std::string bytes = read_file(at("out"));
    const size_t header = kind == AudioKind::kWav ? 44 : 0;
    ASSERT_EQ(bytes.size(), header + 20000);
    EXPECT_EQ(std::memcmp(bytes.data() + header, values.data(), 20000), 0);
    if (kind == AudioKind::kRaw) continue;
    EXPECT_EQ(bytes.substr(4, 4), "\xFF\xFF\xFF\xFF");
    EXPECT_EQ(bytes.substr(40, 4), "\xFF\xFF\xFF\xFF");
    EXPECT_EQ(read_whole(AudioReader(at("out"))).samples, read_wav(at("out")).samples);
    EXPECT_EQ(read_wav(at("out")).rate, 40000);
  }
}

TEST_F(Writer, StandardOutputThatCannotBe) {
  const auto open = [](AudioKind kind) { AudioWriter("-", {kind, 48000, 1}, false); };
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Code mp3{}, terminal{}, broken{};
  with_stdout(ends[1], [&] { mp3 = code_of([&] { open(AudioKind::kMp3); }); });
  EXPECT_EQ(mp3, Code::kBadValue);
  ::close(ends[0]);
  const auto handler = std::signal(SIGPIPE, SIG_IGN);
  with_stdout(ends[1], [&] { broken = code_of([&] { open(AudioKind::kWav); }); });
  std::signal(SIGPIPE, handler);
  ::close(ends[1]);
  EXPECT_EQ(broken, Code::kNotWritable);
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_TRUE(master >= 0 && ::grantpt(master) == 0 && ::unlockpt(master) == 0);
  const int slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
  with_stdout(slave, [&] { terminal = code_of([&] { open(AudioKind::kWav); }); });
  ::close(slave);
  ::close(master);
  EXPECT_EQ(terminal, Code::kBytesToTerminal);
}

}  // namespace
}  // namespace vl::media
