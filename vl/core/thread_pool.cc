#include "vl/core/thread_pool.h"

#include <algorithm>
#include <exception>

namespace vl {

ThreadPool::ThreadPool(int threads) {
  for (int i = 0; i < std::max(1, threads); ++i) threads_.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::enqueue(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void ThreadPool::work() {
  while (true) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return closing_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

namespace {

/// Shared by the caller and its helpers; helpers that start late find nothing left and go.
struct Loop {
  int64_t count, grain;
  const std::function<void(int64_t)>* body;
  std::mutex mutex;
  std::condition_variable finished;
  int64_t next = 0;
  int running = 0;
  std::exception_ptr error;

  bool take(int64_t& begin, int64_t& end) {
    const std::lock_guard lock(mutex);
    if (next >= count) return false;
    begin = next;
    end = next = std::min(count, next + grain);
    ++running;
    return true;
  }

  void give_back(std::exception_ptr problem) {
    const std::lock_guard lock(mutex);
    --running;
    if (problem != nullptr) {
      next = count;
      if (error == nullptr) error = problem;
    }
    if (running == 0) finished.notify_all();
  }

  void run() {
    int64_t begin = 0, end = 0;
    while (take(begin, end)) {
      std::exception_ptr problem;
      try {
        for (int64_t i = begin; i < end; ++i) (*body)(i);
      } catch (...) {
        problem = std::current_exception();
      }
      give_back(problem);
    }
  }
};

}  // namespace

void parallel_for(ThreadPool& pool, int64_t count, const std::function<void(int64_t)>& body,
                  int64_t grain) {
  auto loop = std::make_shared<Loop>();
  loop->count = count;
  loop->grain = std::max<int64_t>(1, grain);
  loop->body = &body;
  const int64_t pieces = (count + loop->grain - 1) / loop->grain;
  const int64_t helpers = std::min<int64_t>(pool.size(), pieces - 1);
  for (int64_t i = 0; i < helpers; ++i) pool.submit([loop] { loop->run(); });
  loop->run();
  std::unique_lock lock(loop->mutex);
  loop->finished.wait(lock, [&] { return loop->running == 0; });
  if (loop->error != nullptr) std::rethrow_exception(loop->error);
}

}  // namespace vl
