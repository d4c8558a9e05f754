#pragma once

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "tests/support/paths.h"

namespace vl::test {

/// Samples [begin, end) of the parity speech (16 kHz mono, int16 / 32768) as [1, end - begin].
inline at::Tensor parity_speech(int64_t begin, int64_t end) {
  std::ifstream in(data("assets/speech/eng_60s_16k.wav"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const size_t start = bytes.find("data") + 8 + 2 * static_cast<size_t>(begin);
  std::vector<int16_t> pcm(static_cast<size_t>(end - begin));
  std::memcpy(pcm.data(), bytes.data() + start, 2 * pcm.size());
  return (at::tensor(pcm, at::kShort).to(at::kFloat) / 32768.f).unsqueeze(0);
}

}  // namespace vl::test
