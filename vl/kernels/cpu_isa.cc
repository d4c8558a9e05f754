#include "vl/kernels/cpu_isa.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace vl::kernels {

namespace {

Isa supported() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
    return Isa::kAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::kAvx2;
  return Isa::kGeneric;
}

Isa chosen() {
  const char* name = std::getenv("VL_ISA");
  const Isa best = supported();
  if (name == nullptr) return best;
  if (std::strcmp(name, "generic") == 0) return Isa::kGeneric;
  if (std::strcmp(name, "avx2") == 0 && best > Isa::kAvx2) return Isa::kAvx2;
  return best;
}

std::atomic<Isa>& current() {
  static std::atomic<Isa> isa = chosen();
  return isa;
}

}  // namespace

Isa cpu_isa() { return current().load(std::memory_order_relaxed); }

bool cpu_has_vnni() { return cpu_isa() == Isa::kAvx512 && __builtin_cpu_supports("avx512vnni"); }

bool cpu_multiplies_bfloat16() {
  return cpu_isa() == Isa::kAvx512 && __builtin_cpu_supports("avx512bf16");
}

void set_cpu_isa(Isa isa) { current() = isa < supported() ? isa : supported(); }

}  // namespace vl::kernels
