/// Blocks of a grid on some threads of the operating system, which stay for the next grid.
#include "emulation/grid.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

#include "emulation/block.h"

namespace emulation {
namespace {

/// What the workers of one grid share.
class GridRun {
 public:
  GridRun(const Grid& grid, int num_workers)
      : grid_(grid), num_blocks_(grid.num_blocks()), chunk_(std::max<uint64_t>(1, num_blocks_ / (num_workers * 16))) {
    if (grid.order == Order::kRandom) {
      stride_ = grid.seed % num_blocks_ | 1;
      while (std::gcd(stride_, num_blocks_) != 1) ++stride_;
    }
  }

  void work() {
    BlockRunner& runner = BlockRunner::of_this_thread();
    while (!failed_.load(std::memory_order_relaxed)) {
      const uint64_t first = next_.fetch_add(chunk_, std::memory_order_relaxed);
      if (first >= num_blocks_) return;
      for (uint64_t i = first; i < std::min(first + chunk_, num_blocks_); ++i) {
        if (!runner.run(grid_, block_at(i))) failed_.store(true);
      }
    }
  }

  bool failed() const { return failed_.load(); }

 private:
  uint64_t block_at(uint64_t i) const {
    if (grid_.order == Order::kReverse) return num_blocks_ - 1 - i;
    if (grid_.order == Order::kRandom) return (i * stride_ + grid_.seed) % num_blocks_;
    return i;
  }

  const Grid& grid_;
  uint64_t num_blocks_;
  uint64_t chunk_;
  uint64_t stride_ = 1;  // no divisor in common with num_blocks_
  std::atomic<uint64_t> next_ = 0;
  std::atomic<bool> failed_ = false;
};

class WorkerPool {
 public:
  ~WorkerPool() {
    {
      const std::lock_guard lock(mutex_);
      quit_ = true;
    }
    go_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  /// On the calling thread and num_workers - 1 others.
  void run(GridRun& grid_run, int num_workers) {
    start(grid_run, num_workers - 1);
    grid_run.work();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return busy_ == 0; });
  }

 private:
  void start(GridRun& grid_run, int num_threads) {
    const std::lock_guard lock(mutex_);
    while (static_cast<int>(threads_.size()) < num_threads) {
      threads_.emplace_back([this, seen = generation_] { serve(seen); });
    }
    grid_run_ = &grid_run;
    busy_ = static_cast<int>(threads_.size());
    ++generation_;
    go_.notify_all();
  }

  void serve(uint64_t seen) {
    std::unique_lock lock(mutex_);
    while (true) {
      go_.wait(lock, [&] { return quit_ || generation_ != seen; });
      if (quit_) return;
      seen = generation_;
      GridRun* grid_run = grid_run_;
      lock.unlock();
      grid_run->work();
      lock.lock();
      if (--busy_ == 0) done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable go_;
  std::condition_variable done_;
  std::vector<std::thread> threads_;
  GridRun* grid_run_ = nullptr;
  uint64_t generation_ = 0;
  int busy_ = 0;
  bool quit_ = false;
};

}  // namespace

bool run_grid(const Grid& grid, int num_workers) {
  GridRun grid_run(grid, num_workers);
  if (num_workers == 1 || grid.num_blocks() == 1) {
    grid_run.work();
  } else {
    static WorkerPool pool;
    pool.run(grid_run, num_workers);
  }
  return !grid_run.failed();
}

}  // namespace emulation
