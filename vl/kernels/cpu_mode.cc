#include "vl/kernels/cpu_mode.h"

#include <xmmintrin.h>

namespace vl::kernels {

namespace {

constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;

}  // namespace

void prepare_compute_thread() {
  _mm_setcsr(_mm_getcsr() | kFlushToZero | kDenormalsAreZero);
#pragma omp parallel
  _mm_setcsr(_mm_getcsr() | kFlushToZero | kDenormalsAreZero);
}

}  // namespace vl::kernels
