#include "vl/kernels/gemm_int8/gemm_int8.h"

#include <algorithm>
#include <memory>

#include "vl/core/allocator.h"
#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/gemm_int8/gemm_int8_variants.h"
#include "vl/kernels/parallel.h"

namespace vl::kernels {

namespace {

constexpr int64_t kBlockBytes = 1 << 20;  // of activations that stay in a core's second cache
constexpr int64_t kOutputs = 64;          // of one job

static_assert(kGemmInt8Columns == kGemvVnniColumns, "both write the same bits");

/// Bytes of thread-local room, kept for the next call.
char* room(size_t bytes) {
  thread_local std::shared_ptr<void> kept;
  thread_local size_t size = 0;
  if (bytes > size) {
    kept = allocate_large(bytes);
    size = bytes;
  }
  return static_cast<char*>(kept.get());
}

int64_t rounded(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

}  // namespace

bool has_gemm_int8() { return cpu_isa() >= Isa::kVnni; }

void gemm_int8(const GemvMatrix& m, const GemvRows& r) {
  if (r.rows <= 0 || m.out <= 0) return;
  const GemmInt8Variant& v = cpu_isa() >= Isa::kAmx ? kGemmInt8Amx : kGemmInt8Vnni;
  const int64_t groups = rounded(r.rows, 2 * kInt8Group) / kInt8Group;
  PackedInt8 x{.rows = r.rows, .columns = m.in};
  x.group_bytes = kInt8Group * rounded(m.in, kInt8Step);
  const auto bytes = static_cast<size_t>(groups * x.group_bytes);
  const auto numbers = static_cast<size_t>(groups * kInt8Group);
  char* memory = room(2 * bytes + numbers * (sizeof(float) + sizeof(long long)));
  x.high = reinterpret_cast<signed char*>(memory);
  x.low = x.high + bytes;
  x.shift = reinterpret_cast<long long*>(memory + 2 * bytes);
  x.scale = reinterpret_cast<float*>(x.shift + numbers);
  const GemvCall call = to_call(m, r, 0, m.out);
  parallel_for(groups, [&](int64_t group, int) { v.pack(call, x, group); });
  const int64_t together =
      std::clamp<int64_t>(kBlockBytes / (2 * x.group_bytes) / 2 * 2, 2, groups);
  const int64_t blocks = (groups + together - 1) / together;
  const int64_t parts = (m.out + kOutputs - 1) / kOutputs;
  parallel_for(blocks * parts, [&](int64_t job, int) {
    const int64_t first = job / parts * together, part = job % parts;
    GemvCall own = call;
    own.begin = part * kOutputs;
    own.end = std::min(m.out, own.begin + kOutputs);
    v.multiply(own, x, first, std::min(groups, first + together));
  });
}

}  // namespace vl::kernels
