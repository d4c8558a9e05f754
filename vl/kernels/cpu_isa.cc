#include "vl/kernels/cpu_isa.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vl::kernels {

namespace {

bool amx_int8() {
  constexpr unsigned kTiles = 1U << 24, kInt8 = 1U << 25;  // of CPUID 7, edx
  constexpr long kRequest = 0x1023, kTileData = 18;        // ARCH_REQ_XCOMP_PERM, XTILEDATA
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kTiles) != 0 && (d & kInt8) != 0 &&
         syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}

Isa find_best() {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return Isa::kGeneric;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl") ||
      !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512dq"))
    return Isa::kAvx2;
  if (!__builtin_cpu_supports("avx512vnni")) return Isa::kAvx512;
  return amx_int8() ? Isa::kAmx : Isa::kVnni;
}

Isa supported() {
  static const Isa best = find_best();
  return best;
}

Isa chosen() {
  constexpr const char* kNames[] = {"generic", "avx2", "avx512", "vnni", "amx"};
  const char* name = std::getenv("VL_ISA");
  for (int i = 0; name != nullptr && i < static_cast<int>(supported()); ++i)
    if (std::strcmp(name, kNames[i]) == 0) return static_cast<Isa>(i);
  return supported();
}

std::atomic<Isa>& current() {
  static std::atomic<Isa> isa = chosen();
  return isa;
}

}  // namespace

Isa cpu_isa() { return current().load(std::memory_order_relaxed); }

bool cpu_multiplies_bfloat16() {
  return cpu_isa() >= Isa::kAvx512 && __builtin_cpu_supports("avx512bf16");
}

void set_cpu_isa(Isa isa) { current() = isa < supported() ? isa : supported(); }

}  // namespace vl::kernels
