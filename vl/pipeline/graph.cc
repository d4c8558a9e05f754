#include "vl/pipeline/graph.h"

#include <algorithm>
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
  double waited = 0.0;
  if (thread_hook_) thread_hook_();
  try {
    for (Input* input : stages_[index].inputs) input->wait_ready();
    waited = thread_wait_ms();
    times.start_ms = now();
    if (stage_hook_) stage_hook_(times.stage, true);
    stages_[index].body(run_);
    if (stage_hook_) stage_hook_(times.stage, false);
  } catch (const RunState::Stopped&) {  // another stage failed, or the caller cancelled
  } catch (...) {
    run_.fail(std::current_exception());
  }
  if (times.start_ms < 0) return;  // stopped before it could start
  times.wait_ms = thread_wait_ms() - waited;
  times.end_ms = now();
}

void Graph::run() {
  const auto begin = std::chrono::steady_clock::now();
  for (const Stage& s : stages_)
    times_.push_back({.stage = s.name, .start_ms = -1.0, .end_ms = -1.0});
  std::vector<std::thread> threads;
  for (size_t i = 0; i < stages_.size(); ++i)
    threads.emplace_back([this, i, begin] { run_stage(i, begin); });
  for (std::thread& t : threads) t.join();
  times_.erase(std::remove_if(times_.begin(), times_.end(), [](auto& t) { return t.start_ms < 0; }),
               times_.end());
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
