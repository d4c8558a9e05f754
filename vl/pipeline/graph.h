#pragma once

#include <list>
#include <memory>
#include <vector>

#include "vl/pipeline/channel.h"

namespace vl::pipeline {

/// Times of one stage, in milliseconds after run() was entered.
struct StageTimes {
  std::string stage;
  double start_ms = 0.0, end_ms = 0.0;
  double wait_ms = 0.0;  ///< time within, spent waiting for inputs or for room in outputs
  double busy_ms() const { return end_ms - start_ms - wait_ms; }
};

/// A graph of stages, each on a thread of its own, joined by channels and values that the graph
/// owns. The first error (or a cancel) stops every stage of this run; other runs are not touched.
///
///   Graph graph(cancelled);
///   auto& frames = graph.channel<Frame>(64);
///   graph.stage("decode", [&](RunState& run) { while (...) { run.check(); frames.push(...); }
///   frames.close(); }); graph.stage("encode", [&](RunState& run) { while (auto f = frames.pop())
///   write(*f); }); graph.run();
class Graph {
 public:
  using Body = std::function<void(RunState&)>;

  explicit Graph(std::function<bool()> cancelled = {}) : run_(std::move(cancelled)) {}
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  template <class T>
  Channel<T>& channel(double capacity) {
    return own<Channel<T>>(run_, capacity);
  }
  template <class T>
  Value<T>& value() {
    return own<Value<T>>(run_);
  }
  /// Anything else that stages share and wait in: constructed from the run's state.
  template <class Node>
  Node& node() {
    return own<Node>(run_);
  }
  /// Called on each stage's thread before its body (thread-local CPU modes, names).
  void on_thread_start(std::function<void()> hook) { thread_hook_ = std::move(hook); }
  /// Called from stage threads when a stage starts (true) or ends (false).
  void on_stage(std::function<void(const std::string&, bool)> hook) {
    stage_hook_ = std::move(hook);
  }
  /// A stage starts, and its times begin, when all of `inputs` have something for it. It may wait
  /// for others later, in its body.
  void stage(std::string name, std::vector<Input*> inputs, Body body) {
    stages_.push_back({std::move(name), std::move(inputs), std::move(body)});
  }
  void stage(std::string name, Body body) { stage(std::move(name), {}, std::move(body)); }

  /// Runs all stages and waits for them. Once per graph.
  /// @throws the first error of a stage; Error(kCancelled) naming the stages under way when the
  /// caller cancelled
  void run();
  /// After run(), also after one that threw: times of the stages that started, in the order of
  /// declaration.
  const std::vector<StageTimes>& times() const { return times_; }

 private:
  struct Stage {
    std::string name;
    std::vector<Input*> inputs;
    Body body;
  };

  template <class Node, class... Args>
  Node& own(Args&&... args) {
    auto node = std::make_shared<Node>(std::forward<Args>(args)...);
    nodes_.push_back(node);
    return *node;
  }
  void run_stage(size_t index, std::chrono::steady_clock::time_point begin);

  RunState run_;
  std::list<std::shared_ptr<void>> nodes_;
  std::vector<Stage> stages_;
  std::vector<StageTimes> times_;
  std::function<void()> thread_hook_;
  std::function<void(const std::string&, bool)> stage_hook_;
};

}  // namespace vl::pipeline
