#include "vl/pipeline/graph.h"

#include <thread>

#include "vl/core/error.h"

namespace vl::pipeline {

double& thread_wait_ms() {
  thread_local double waited = 0.0;
  return waited;
}

void RunState::fail(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  if (!error_ && !was_cancelled_) error_ = std::move(error);
  stopped_.store(true, std::memory_order_release);
}

bool RunState::should_stop() {
  if (stopped()) return true;
  if (!cancelled_ || !cancelled_()) return false;
  const std::lock_guard lock(mutex_);
  if (!error_) was_cancelled_ = true;
  stopped_.store(true, std::memory_order_release);
  return true;
}

void RunState::check() {
  if (should_stop()) throw Stopped{};
}

std::exception_ptr RunState::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void Graph::run_stage(size_t index, std::chrono::steady_clock::time_point begin) {
  const auto now = [&] {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
        .count();
  };
  StageTimes& times = times_[index];
  times.start_ms = now();
  const double waited = thread_wait_ms();
  if (thread_hook_) thread_hook_();
  if (stage_hook_) stage_hook_(times.stage, true);
  try {
    stages_[index].body(run_);
    if (stage_hook_) stage_hook_(times.stage, false);
  } catch (const RunState::Stopped&) {  // another stage failed, or the caller cancelled
  } catch (...) {
    run_.fail(std::current_exception());
  }
  times.wait_ms = thread_wait_ms() - waited;
  times.end_ms = now();
}

void Graph::run() {
  const auto begin = std::chrono::steady_clock::now();
  for (const Stage& s : stages_) times_.push_back({.stage = s.name});
  std::vector<std::thread> threads;
  for (size_t i = 0; i < stages_.size(); ++i)
    threads.emplace_back([this, i, begin] { run_stage(i, begin); });
  for (std::thread& t : threads) t.join();
  if (const auto error = run_.error()) std::rethrow_exception(error);
  if (run_.was_cancelled()) {
    std::string last;
    double latest = -1.0;
    for (const StageTimes& t : times_)
      if (t.busy_ms() > latest) last = t.stage, latest = t.busy_ms();
    vl::fail(Code::kCancelled, "cancelled in {}", last);
  }
}

}  // namespace vl::pipeline
