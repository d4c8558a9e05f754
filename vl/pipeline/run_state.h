#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <string>

namespace vl::pipeline {

/// What all stages of one run share: the first error, the cancel question of the caller, and the
/// clock.
class RunState {
 public:
  /// @param cancelled asked while a stage waits and wherever a stage calls check(); may be empty
  explicit RunState(std::function<bool()> cancelled = {}) : cancelled_(std::move(cancelled)) {}

  /// Keeps the first error and makes every wait of the run end.
  void fail(std::exception_ptr error);
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }
  /// True when the caller cancelled or a stage failed.
  bool should_stop();
  /// @throws Stopped when should_stop()
  void check();
  /// The first error, if any.
  std::exception_ptr error() const;
  bool was_cancelled() const { return was_cancelled_.load(); }

  /// Thrown inside stages to unwind them after a stop; never leaves the graph.
  struct Stopped {};

 private:
  std::function<bool()> cancelled_;
  std::atomic<bool> stopped_{false}, was_cancelled_{false};
  mutable std::mutex mutex_;
  std::exception_ptr error_;
};

/// Milliseconds that the calling thread has waited in channels and values so far.
double& thread_wait_ms();

/// Waits on `changed` until `ready()` holds, asking the run every 50 ms whether to stop; the time
/// counts as waiting.
/// @throws RunState::Stopped
template <class Ready>
void wait_until(RunState& run, std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                Ready ready) {
  using Clock = std::chrono::steady_clock;
  if (ready()) return run.check();
  const auto begin = Clock::now();
  while (!ready()) {
    if (run.should_stop()) throw RunState::Stopped{};
    changed.wait_for(lock, std::chrono::milliseconds(50));
  }
  thread_wait_ms() += std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

}  // namespace vl::pipeline
