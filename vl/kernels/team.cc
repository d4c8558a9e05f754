#include "vl/kernels/team.h"

#include <memory>

#include <immintrin.h>
#include <omp.h>
#include <sched.h>

#include "vl/kernels/parallel.h"

namespace vl::kernels {

namespace {

constexpr int kSpins = 2000;

}  // namespace

void SpinBarrier::wait() {
  const unsigned round = round_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
    arrived_.store(0, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
    return;
  }
  for (int i = 0; round_.load(std::memory_order_acquire) == round; ++i) {
    if (i < kSpins)
      _mm_pause();
    else
      sched_yield();
  }
}

int team_threads() { return parallel_threads(); }

void run_team(const std::function<void(const TeamMember& me)>& body) {
  const int wanted = parallel_threads();
  if (wanted == 1) return body({});
  std::unique_ptr<SpinBarrier> barrier;
#pragma omp parallel num_threads(wanted)
  {
    const int threads = omp_get_num_threads();
#pragma omp single
    barrier = std::make_unique<SpinBarrier>(threads);
    body({omp_get_thread_num(), threads, barrier.get()});
  }
}

}  // namespace vl::kernels
