#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "vl/pipeline/run_state.h"

namespace vl::pipeline {

/// What a stage can wait for before it starts.
class Input {
 public:
  virtual ~Input() = default;
  /// Blocks until there is something to take, or until nothing will come. @throws RunState::Stopped
  virtual void wait_ready() = 0;
};

/// A bounded queue between two stages. The bound is a sum of item costs, in a unit of the caller's
/// choice (frames, seconds of media); a single item dearer than the whole bound still passes when
/// the queue is empty.
template <class T>
class Channel : public Input {
 public:
  Channel(RunState& run, double capacity) : run_(run), capacity_(capacity) {}

  /// Blocks while the queue is full. @throws RunState::Stopped
  void push(T item, double cost = 1.0) {
    std::unique_lock lock(mutex_);
    wait_until(run_, lock, changed_, [&] { return items_.empty() || held_ + cost <= capacity_; });
    held_ += cost;
    items_.emplace_back(std::move(item), cost);
    changed_.notify_all();
  }

  /// The next item, or nothing once the producer has closed the channel and all is drained. @throws
  /// RunState::Stopped
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    wait_until(run_, lock, changed_, [&] { return !items_.empty() || closed_; });
    if (items_.empty()) return std::nullopt;
    std::optional<T> out(std::move(items_.front().first));
    held_ -= items_.front().second;
    items_.pop_front();
    changed_.notify_all();
    return out;
  }

  void wait_ready() override {
    std::unique_lock lock(mutex_);
    wait_until(run_, lock, changed_, [&] { return !items_.empty() || closed_; });
  }

  /// No more items will come.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  RunState& run_;
  double capacity_, held_ = 0.0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<T, double>> items_;
  bool closed_ = false;
};

/// A value that one stage sets once and any number of stages wait for.
template <class T>
class Value : public Input {
 public:
  explicit Value(RunState& run) : run_(run) {}

  void set(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    changed_.notify_all();
  }

  /// Blocks until set. The reference stays valid as long as the Value does. @throws
  /// RunState::Stopped
  const T& get() {
    std::unique_lock lock(mutex_);
    wait_until(run_, lock, changed_, [&] { return value_.has_value(); });
    return *value_;
  }

  void wait_ready() override { get(); }

 private:
  RunState& run_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<T> value_;
};

}  // namespace vl::pipeline
