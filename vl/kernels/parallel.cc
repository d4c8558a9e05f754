#include "vl/kernels/parallel.h"

#include <omp.h>

namespace vl::kernels {

int parallel_threads() { return omp_in_parallel() != 0 ? 1 : omp_get_max_threads(); }

void parallel_for(int64_t count, const std::function<void(int64_t i, int thread)>& body) {
  if (count <= 1 || parallel_threads() == 1) {
    for (int64_t i = 0; i < count; ++i) body(i, 0);
    return;
  }
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t i = 0; i < count; ++i) body(i, omp_get_thread_num());
}

}  // namespace vl::kernels
