#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace vl {

/// A fixed number of threads that run tasks in the order of their submission. The destructor waits
/// until everything submitted has run.
class ThreadPool {
 public:
  /// @param threads at least 1; smaller counts are taken as 1
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(threads_.size()); }

  /// The future holds the result, or the exception that the task threw.
  template <class Function>
  std::future<std::invoke_result_t<Function>> submit(Function function) {
    using Result = std::invoke_result_t<Function>;
    auto task = std::make_shared<std::packaged_task<Result()>>(std::move(function));
    auto future = task->get_future();
    enqueue([task] { (*task)(); });
    return future;
  }

 private:
  void enqueue(std::function<void()> task);
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

/// Calls body(i) for every i of [0, count), on the pool and on the calling thread, `grain` indices
/// at a time; returns when all are done. May be called from inside a task of the same pool. The
/// first exception stops handing out indices and is thrown again here.
void parallel_for(ThreadPool& pool, int64_t count, const std::function<void(int64_t)>& body,
                  int64_t grain = 1);

}  // namespace vl
