#pragma once

#include <cstdint>
#include <functional>

namespace vl::kernels {

/// Threads that parallel_for() called from here may use: the OpenMP team that libtorch uses too.
int parallel_threads();

/// Calls body(i, thread) for i in 0..count-1, thread in 0..parallel_threads()-1; free threads take
/// the next i. Nested calls run on the calling thread. `body` must not throw.
void parallel_for(int64_t count, const std::function<void(int64_t i, int thread)>& body);

}  // namespace vl::kernels
