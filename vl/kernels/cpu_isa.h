#pragma once

namespace vl::kernels {

/// Instruction sets that have kernels of their own, in rising order: each has those before it.
/// kVnni is AVX512-VNNI; kAmx is AMX-INT8 where the system lets us use its registers.
enum class Isa { kGeneric, kAvx2, kAvx512, kVnni, kAmx };

/// The widest one that this CPU and its operating system support; the environment variable
/// VL_ISA=generic|avx2|avx512|vnni|amx lowers it.
Isa cpu_isa();

/// For tests: the kernels of the calling process use `isa` from now on, or the best one below it
/// that the CPU has.
void set_cpu_isa(Isa isa);

/// The one of three forms of a kernel that cpu_isa() asks for.
template <class Variant>
const Variant& for_cpu(const Variant& generic, const Variant& avx2, const Variant& avx512) {
  const Isa isa = cpu_isa();
  return isa >= Isa::kAvx512 ? avx512 : isa == Isa::kAvx2 ? avx2 : generic;
}

/// Whether products of bfloat16 matrices are faster than those of float32 ones here (AVX512-BF16,
/// which every CPU with AMX has too).
bool cpu_multiplies_bfloat16();

}  // namespace vl::kernels
