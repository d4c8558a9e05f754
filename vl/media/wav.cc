#include "vl/media/wav.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

#include "vl/core/error.h"
#include "vl/core/file.h"

namespace vl::media {

namespace {

constexpr uint32_t kOpenLength = 0x7FFFF000U;  // and more: the writer did not know the length

struct Format {
  uint16_t tag = 0, channels = 0, bits = 0;
  uint32_t rate = 0;
};

template <class T>
T at(const std::string& b, size_t offset) {
  T value;
  std::memcpy(&value, b.data() + offset, sizeof(T));
  return value;
}

float sample(const char* p, const Format& f) {
  const auto* u = reinterpret_cast<const uint8_t*>(p);
  if (f.tag == 3) {
    if (f.bits == 32) {
      float v;
      std::memcpy(&v, p, 4);
      return v;
    }
    double v;
    std::memcpy(&v, p, 8);
    return static_cast<float>(v);
  }
  if (f.bits == 8) return (static_cast<float>(u[0]) - 128.0F) / 128.0F;
  int32_t v = 0;
  for (int k = 0; k < f.bits / 8; ++k)
    v |= static_cast<int32_t>(static_cast<uint32_t>(u[k]) << (32 - f.bits + 8 * k));
  return static_cast<float>(static_cast<double>(v) / 2147483648.0);
}

Format parse_format(const std::string& b, size_t offset, size_t size, const std::string& name) {
  const auto bad = [&](const std::string& what) {
    throw Error(Code::kNotDecodable, fmt::format("cannot decode {}: {}", name, what),
                Where{.file = name});
  };
  if (size < 16) bad("its fmt chunk is too short");
  Format f{at<uint16_t>(b, offset), at<uint16_t>(b, offset + 2), at<uint16_t>(b, offset + 14),
           at<uint32_t>(b, offset + 4)};
  if (f.tag == 0xFFFE && size >= 26) f.tag = at<uint16_t>(b, offset + 24);
  const bool integer = f.tag == 1 && (f.bits == 8 || f.bits == 16 || f.bits == 24 || f.bits == 32);
  const bool real = f.tag == 3 && (f.bits == 32 || f.bits == 64);
  if (!integer && !real)
    bad(fmt::format("WAVE format {} with {} bits is not plain PCM", f.tag, f.bits));
  if (f.channels == 0 || f.channels > 64 || f.rate == 0 || f.rate > 1536000)
    bad("impossible channel count or sample rate");
  return f;
}

}  // namespace

bool is_wav(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  char head[12] = {};
  return in.read(head, 12) && std::memcmp(head, "RIFF", 4) == 0 &&
         std::memcmp(head + 8, "WAVE", 4) == 0;
}

double declared_wav_seconds(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string head(8, '\0');
  uint32_t bytes_per_second = 0;
  in.seekg(12);
  while (in.read(head.data(), 8)) {
    const uint32_t size = at<uint32_t>(head, 4);
    if (head.compare(0, 4, "data") == 0)
      return size >= kOpenLength || bytes_per_second == 0
                 ? 0.0
                 : static_cast<double>(size) / static_cast<double>(bytes_per_second);
    std::string format(16, '\0');
    std::streamoff skip = size + (size & 1);
    if (head.compare(0, 4, "fmt ") == 0 && size >= 16 && in.read(format.data(), 16)) {
      bytes_per_second = at<uint32_t>(format, 8);
      skip -= 16;
    }
    in.seekg(skip, std::ios::cur);
  }
  return 0.0;
}

Pcm read_wav(const std::filesystem::path& path) {
  const std::string b = read_file(path.string()), name = path.string();
  if (b.size() < 12 || b.compare(0, 4, "RIFF") != 0 || b.compare(8, 4, "WAVE") != 0)
    throw Error(Code::kNotDecodable, fmt::format("cannot decode {}: not a WAVE file", name),
                Where{.file = name});
  Format f;
  size_t offset = 12;
  while (offset + 8 <= b.size()) {
    const std::string id = b.substr(offset, 4);
    const uint32_t declared = at<uint32_t>(b, offset + 4);
    const size_t left = b.size() - offset - 8;
    const size_t size = std::min<size_t>(declared, left);
    if (id == "fmt ") f = parse_format(b, offset + 8, size, name);
    if (id == "data") {
      if (f.rate == 0) break;
      if (declared > left && declared < kOpenLength)
        throw Error(Code::kTruncatedInput,
                    fmt::format("{} ends early: {} of {} bytes of sound", name, left, declared),
                    Where{.file = name});
      const size_t width = f.bits / 8U, frames = size / (width * f.channels);
      Pcm out{std::vector<float>(frames * f.channels), f.rate, f.channels};
      for (size_t i = 0; i < out.samples.size(); ++i)
        out.samples[i] = sample(b.data() + offset + 8 + i * width, f);
      return out;
    }
    offset += 8 + size + (size & 1);
  }
  throw Error(Code::kNotDecodable, fmt::format("cannot decode {}: no sound data in it", name),
              Where{.file = name});
}

void write_wav(const std::filesystem::path& path, const Pcm& pcm, bool overwrite) {
  const auto data = static_cast<uint32_t>(pcm.samples.size() * 2);
  std::string out(44 + data, '\0');
  const auto put = [&](size_t offset, auto value) {
    std::memcpy(out.data() + offset, &value, sizeof(value));
  };
  std::memcpy(out.data(), "RIFF", 4);
  put(4, static_cast<uint32_t>(36 + data));
  std::memcpy(out.data() + 8, "WAVEfmt ", 8);
  put(16, uint32_t{16});
  put(20, uint16_t{1});
  put(22, static_cast<uint16_t>(pcm.channels));
  put(24, static_cast<uint32_t>(pcm.rate));
  put(28, static_cast<uint32_t>(pcm.rate * pcm.channels * 2));
  put(32, static_cast<uint16_t>(pcm.channels * 2));
  put(34, uint16_t{16});
  std::memcpy(out.data() + 36, "data", 4);
  put(40, data);
  for (size_t i = 0; i < pcm.samples.size(); ++i)
    put(44 + 2 * i, static_cast<int16_t>(std::clamp(std::nearbyint(pcm.samples[i] * 32768.0F),
                                                    -32768.0F, 32767.0F)));
  write_file_atomic(path.string(), out, overwrite);
}

Pcm to_mono(const Pcm& pcm) {
  if (pcm.channels == 1) return pcm;
  Pcm out{std::vector<float>(static_cast<size_t>(pcm.frames())), pcm.rate, 1, pcm.replaced};
  for (size_t i = 0; i < out.samples.size(); ++i) {
    double sum = 0;
    for (int64_t c = 0; c < pcm.channels; ++c)
      sum += pcm.samples[i * static_cast<size_t>(pcm.channels) + static_cast<size_t>(c)];
    out.samples[i] = static_cast<float>(sum / static_cast<double>(pcm.channels));
  }
  return out;
}

}  // namespace vl::media
