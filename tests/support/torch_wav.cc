#include "tests/support/torch_wav.h"

#include <fstream>
#include <iterator>

#include <ATen/ATen.h>

#include "tests/support/paths.h"
#include "vl/core/error.h"

namespace vl::test {

at::Tensor wav(const std::string& relative) {
  std::ifstream in(data(relative), std::ios::binary);
  std::vector<char> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  constexpr size_t kHeader = 44;
  const bool plain = bytes.size() > kHeader && std::string(&bytes[36], 4) == "data";
  if (!plain) fail(Code::kNotDecodable, "{} is no plain WAV file", relative);
  const auto count = static_cast<int64_t>((bytes.size() - kHeader) / 2);
  return at::from_blob(&bytes[kHeader], {1, count}, at::kShort).to(at::kFloat) / 32768.0;
}

}  // namespace vl::test
