#pragma once

#include <string>

#include <ATen/core/Tensor.h>

namespace vl::test {

/// tests/data/RELATIVE, a mono PCM16 WAV file with a 44-byte header: [1, N] float32, int16 / 32768.
at::Tensor wav(const std::string& relative);

}  // namespace vl::test
