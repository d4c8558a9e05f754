#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

namespace vl::kernels {

/// Where threads of a team wait for each other: they spin for some microseconds, then give their
/// core away.
class SpinBarrier {
 public:
  explicit SpinBarrier(int threads) : threads_(threads) {}
  void wait();

 private:
  const int threads_;
  std::atomic<int> arrived_{0};
  std::atomic<unsigned> round_{0};
};

/// One thread of a team that runs the same function side by side.
struct TeamMember {
  int thread = 0, threads = 1;
  SpinBarrier* barrier = nullptr;

  /// Everything that any member wrote before is visible to all of them afterwards.
  void wait() const {
    if (threads > 1) barrier->wait();
  }
  struct Range {
    int64_t begin, end;
  };
  /// This member's part of 0 .. count - 1, in multiples of `grain`.
  Range share(int64_t count, int64_t grain) const {
    const int64_t parts = (count + grain - 1) / grain;
    const auto at = [&](int64_t i) {
      const int64_t edge = parts * i / threads * grain;
      return edge < count ? edge : count;
    };
    return {at(thread), at(thread + 1)};
  }
};

/// Most members that a team started here has.
int team_threads();

/// Runs body on every thread of the OpenMP team that libtorch uses too, or on the calling thread
/// alone inside a parallel region. `body` must not throw, and all members must wait equally often:
/// many short phases cost one fork and join.
void run_team(const std::function<void(const TeamMember& me)>& body);

}  // namespace vl::kernels
