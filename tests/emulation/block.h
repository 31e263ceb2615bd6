/// Runs the threads of one block on one thread of the operating system, and judges how they meet.
///
/// CUDA threads are fibers. They switch only at barriers, warp operations, failed compare-and-swaps and __nanosleep;
/// one that meets none of these runs to its end without a switch. The order is an adversary's: a warp runs as far ahead
/// of the others as barriers let it, in the grid's order, for that is when a missing barrier shows. Half of the random
/// blocks pick any warp at every switch instead.
///
/// Stricter than a GPU: no thread of a block may end before the block's last barrier, and a warp operation waits for
/// every lane of its mask.
///
/// Never compiled with ThreadSanitizer, whose eye is for the kernels; so nothing here allocates while fibers run.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/context/fiber.hpp>

#include "emulation/grid.h"
#include "emulation/sanitizers.h"
#include "emulation/threads.h"

namespace emulation {

constexpr int kWarpSize = 32;
constexpr int kMaxThreads = 1024;
constexpr int kMaxWarps = kMaxThreads / kWarpSize;

/// A stack, and where the thread on it stands while it does not run.
struct Fiber {
  boost::context::fiber self;
  asan::Stack stack;
};

enum class ThreadState : uint8_t { kNew, kReady, kAtBarrier, kInWarpOperation, kDone };

struct Thread {
  uint3 index{};
  int number = 0;  // in the block
  ThreadState state = ThreadState::kNew;
  Fiber* fiber = nullptr;
  void* tsan_fiber = nullptr;
  Location location;  // where it waits

  int warp() const { return number / kWarpSize; }
  int lane() const { return number % kWarpSize; }
};

/// A warp operation under way: complete once all living lanes of its mask have arrived.
struct Exchange {
  uint32_t mask = 0;
  uint32_t arrived = 0;
  uint32_t leaving = 0;  // lanes that have not read their result
  WarpOperation operation{};
  bool complete = false;
  Location location;
  std::array<uint64_t, kWarpSize> values{};
};

struct Warp {
  uint32_t alive = 0;
  uint32_t ready = 0;
  uint32_t yielded = 0;
  uint32_t used = 0;  // of the exchanges: those with disjoint masks may be under way together
  std::array<Exchange, kWarpSize> exchanges;
};

/// Xorshift: an instance of the standard library's generators might be one compiled with ThreadSanitizer.
class Generator {
 public:
  void seed(uint64_t seed) {
    state_ = seed * 0x9e3779b97f4a7c15U | 1;
    below(1);
  }
  int below(int count) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<int>((state_ >> 32) % static_cast<uint64_t>(count));
  }

 private:
  uint64_t state_ = 1;
};

class BlockRunner {
 public:
  static BlockRunner& of_this_thread();
  BlockRunner();
  ~BlockRunner();
  BlockRunner(const BlockRunner&) = delete;
  BlockRunner& operator=(const BlockRunner&) = delete;

  /// Runs one block of the grid; false where it failed.
  bool run(const Grid& grid, uint64_t block);

  // Called by the thread that runs.
  int barrier(BarrierKind kind, int predicate, Location location);
  uint64_t warp_operation(WarpOperation operation, unsigned mask, uint64_t value, int argument, int width,
                          Location location);
  void yield();
  [[noreturn]] void fail_here(const std::string& what);

 private:
  void set_up(uint64_t block);
  void set_up_order();
  void unwind();
  void report_deadlock();
  void fail(const std::string& what);

  // Who runs next.
  void push(int thread);
  int pop();
  int pick_lane(uint32_t lanes);
  void run_next(Fiber* from);
  void switch_to(Fiber* from, Fiber* to, void* tsan_fiber);
  void wait(ThreadState state);
  void end(Thread& thread);

  Fiber* new_fiber();
  Fiber* take_fiber();
  boost::context::fiber fiber_main(boost::context::fiber&& from, Fiber* fiber);

  void release_barrier();
  Exchange& join_exchange(Warp& warp, WarpOperation operation, unsigned mask, Location location);
  void complete(Warp& warp, Exchange& exchange);

  const Grid* grid_ = nullptr;
  bool failed_ = false;
  bool quit_ = false;

  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_;
  std::vector<Fiber*> spent_;  // ThreadSanitizer: a stack that is used twice in a block looks like a race
  Fiber scheduler_;
  Fiber* switched_from_ = nullptr;
  void* scheduler_tsan_fiber_ = nullptr;

  std::vector<Thread> threads_{kMaxThreads};
  std::vector<Warp> warps_{kMaxWarps};
  int num_threads_ = 0;
  int num_warps_ = 0;
  int num_alive_ = 0;
  int num_ready_ = 0;
  Thread* current_ = nullptr;

  std::array<int, kMaxWarps> warps_by_priority_{};
  bool strict_priorities_ = true;
  Generator generator_;

  BarrierKind barrier_kind_{};
  Location barrier_location_;
  int num_at_barrier_ = 0;
  int num_true_ = 0;  // predicates
  int phase_ = 0;     // 0 and 1 in turn: threads may still read the result of the barrier before
  std::array<int, 2> barrier_result_{};
  std::array<char, 2> barrier_tsan_{};
  char start_tsan_ = 0;
  char end_tsan_ = 0;
};

/// "file:line"
std::string to_string(const Location& location);

}  // namespace emulation
