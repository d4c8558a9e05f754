#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "vl/core/error.h"
#include "vl/weights/checkpoint.h"
#include "vl/weights/npz.h"

/// Any bytes are a checkpoint or an Error; crashes, hangs, leaks and large allocations are bugs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vl::weights;
  auto bytes = std::make_shared<std::string>(reinterpret_cast<const char*>(data), size);
  const ByteView view{bytes, bytes->data(), bytes->size()};
  try {
    const Checkpoint checkpoint = read_checkpoint_bytes(view, "fuzz.pth");
    checkpoint.root.to_json();
  } catch (const vl::Error&) {
  }
  try {
    read_npz_bytes(view, "fuzz.npz");
  } catch (const vl::Error&) {
  }
  return 0;
}
