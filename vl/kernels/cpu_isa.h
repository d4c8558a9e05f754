#pragma once

namespace vl::kernels {

/// Instruction sets that have kernels of their own, in rising order.
enum class Isa { kGeneric, kAvx2, kAvx512 };

/// The widest one that this CPU and its operating system support; the environment variable
/// VL_ISA=generic|avx2|avx512 lowers it.
Isa cpu_isa();

/// For tests: the kernels of the calling process use `isa` from now on, or the best one below it
/// that the CPU has.
void set_cpu_isa(Isa isa);

/// Whether there are products of bytes (AVX512-VNNI) beside kAvx512.
bool cpu_has_vnni();

/// Whether products of bfloat16 matrices are faster than those of float32 ones here (AVX512-BF16,
/// which every CPU with AMX has too).
bool cpu_multiplies_bfloat16();

}  // namespace vl::kernels
