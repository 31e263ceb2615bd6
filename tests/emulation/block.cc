#include "emulation/block.h"

#include <algorithm>
#include <bit>
#include <cstdio>

#include <boost/context/protected_fixedsize_stack.hpp>

#include "emulation/shared_memory.h"

constinit thread_local uint3 threadIdx{};
constinit thread_local uint3 blockIdx{};
constinit thread_local dim3 blockDim{};
constinit thread_local dim3 gridDim{};

namespace emulation {
namespace {

namespace context = boost::context;

#if defined(__SANITIZE_ADDRESS__) || defined(EMULATION_TSAN)
constexpr size_t kStackBytes = size_t{256} << 10;
#else
constexpr size_t kStackBytes = size_t{64} << 10;
#endif

/// Ends the threads of a block that failed.
struct Unwind {};

uint32_t lanes_below(int count) {
  return count == kWarpSize ? ~uint32_t{0} : (uint32_t{1} << count) - 1;
}

uint32_t bit_of(const Thread& thread) {
  return uint32_t{1} << thread.lane();
}

std::string describe(const Thread& thread) {
  char text[120];
  std::snprintf(text, sizeof text, "block (%u,%u,%u) thread (%u,%u,%u)", blockIdx.x, blockIdx.y, blockIdx.z,
                thread.index.x, thread.index.y, thread.index.z);
  return text;
}

}  // namespace

std::string to_string(const Location& location) {
  return std::string(location.file) + ":" + std::to_string(location.line);
}

BlockRunner& BlockRunner::of_this_thread() {
  static thread_local BlockRunner runner;
  return runner;
}

BlockRunner::BlockRunner() {
  fibers_.reserve(kMaxThreads);
  idle_.reserve(kMaxThreads);
  spent_.reserve(kMaxThreads);
}

BlockRunner::~BlockRunner() {
  quit_ = true;
  for (const auto& fiber : fibers_) switch_to(&scheduler_, fiber.get(), scheduler_tsan_fiber_);
}

bool BlockRunner::run(const Grid& grid, uint64_t block) {
  grid_ = &grid;
  failed_ = false;
  open_shared_memory(grid.dynamic_shared_bytes);
  set_up(block);
  while (num_alive_ > 0) {
    if (num_ready_ > 0 && !failed_) {
      run_next(&scheduler_);
      continue;
    }
    if (!failed_) report_deadlock();
    unwind();
  }
  idle_.insert(idle_.end(), spent_.begin(), spent_.end());
  spent_.clear();
  tsan::acquire(&end_tsan_);
  close_shared_memory();
  return !failed_;
}

void BlockRunner::set_up(uint64_t block) {
  const Grid& grid = *grid_;
  gridDim = grid.blocks;
  blockDim = grid.threads;
  blockIdx = {static_cast<unsigned>(block % grid.blocks.x),
              static_cast<unsigned>(block / grid.blocks.x % grid.blocks.y),
              static_cast<unsigned>(block / grid.blocks.x / grid.blocks.y)};
  num_threads_ = static_cast<int>(grid.threads.x * grid.threads.y * grid.threads.z);
  num_warps_ = (num_threads_ + kWarpSize - 1) / kWarpSize;
  num_alive_ = num_ready_ = num_threads_;
  num_at_barrier_ = num_true_ = phase_ = 0;
  generator_.seed(grid.seed + block * 2654435761U);
  set_up_order();
  for (int w = 0; w < num_warps_; ++w) {
    Warp& warp = warps_[w];
    warp.used = warp.yielded = 0;
    warp.alive = warp.ready = lanes_below(std::min(kWarpSize, num_threads_ - w * kWarpSize));
  }
  for (int i = 0; i < num_threads_; ++i) {
    Thread& thread = threads_[i];
    const auto number = static_cast<unsigned>(i);
    thread.index = {number % blockDim.x, number / blockDim.x % blockDim.y, number / blockDim.x / blockDim.y};
    thread.number = i;
    thread.state = ThreadState::kNew;
    thread.fiber = nullptr;
    if (thread.tsan_fiber == nullptr) thread.tsan_fiber = tsan::create();
  }
  scheduler_tsan_fiber_ = tsan::current();
  tsan::release(&start_tsan_);
  while (tsan::kOn && static_cast<int>(idle_.size()) < num_threads_) idle_.push_back(new_fiber());
}

void BlockRunner::set_up_order() {
  const Order order = grid_->order;
  strict_priorities_ = order != Order::kRandom || generator_.below(2) != 0;
  for (int i = 0; i < num_warps_; ++i) warps_by_priority_[i] = order == Order::kReverse ? num_warps_ - 1 - i : i;
  for (int i = num_warps_ - 1; i > 0 && order == Order::kRandom; --i) {
    std::swap(warps_by_priority_[i], warps_by_priority_[generator_.below(i + 1)]);
  }
}

/// Threads that have begun throw from where they stand; the others never begin.
void BlockRunner::unwind() {
  num_ready_ = 0;
  for (Warp& warp : warps_) warp.ready = warp.yielded = 0;
  for (int i = 0; i < num_threads_; ++i) {
    Thread& thread = threads_[i];
    if (thread.state == ThreadState::kDone) continue;
    current_ = &thread;
    if (thread.state == ThreadState::kNew) {
      end(thread);
    } else {
      switch_to(&scheduler_, thread.fiber, thread.tsan_fiber);
    }
  }
}

void BlockRunner::report_deadlock() {
  std::string message = "deadlock:";
  int shown = 0;
  for (int i = 0; i < num_threads_ && shown < 4; ++i) {
    const Thread& thread = threads_[i];
    if (thread.state != ThreadState::kAtBarrier && thread.state != ThreadState::kInWarpOperation) continue;
    const char* where =
        thread.state == ThreadState::kAtBarrier ? " waits at a barrier, " : " waits in a warp operation, ";
    message += " " + describe(thread) + where + to_string(thread.location) + ";";
    ++shown;
  }
  fail(message + " " + std::to_string(num_alive_) + " threads of the block have not ended");
}

void BlockRunner::fail(const std::string& what) {
  if (!failed_) std::fprintf(stderr, "[emulation] kernel failed: %s\n", what.c_str());
  failed_ = true;
}

void BlockRunner::fail_here(const std::string& what) {
  fail(what + ", " + describe(*current_));
  throw Unwind{};
}

void BlockRunner::push(int thread) {
  warps_[thread / kWarpSize].ready |= uint32_t{1} << thread % kWarpSize;
  ++num_ready_;
}

int BlockRunner::pick_lane(uint32_t lanes) {
  if (grid_->order == Order::kForward) return std::countr_zero(lanes);
  if (grid_->order == Order::kReverse) return kWarpSize - 1 - std::countl_zero(lanes);
  for (int skip = generator_.below(std::popcount(lanes)); skip > 0; --skip) lanes &= lanes - 1;
  return std::countr_zero(lanes);
}

int BlockRunner::pop() {
  if (!strict_priorities_) std::swap(warps_by_priority_[0], warps_by_priority_[generator_.below(num_warps_)]);
  while (true) {
    for (int i = 0; i < num_warps_; ++i) {
      const int number = warps_by_priority_[i];
      Warp& warp = warps_[number];
      if (warp.ready == 0) continue;
      const int lane = pick_lane(warp.ready);
      warp.ready &= ~(uint32_t{1} << lane);
      --num_ready_;
      return number * kWarpSize + lane;
    }
    for (int i = 0; i < num_warps_; ++i) warps_[i].ready = std::exchange(warps_[i].yielded, 0);
  }
}

/// From the thread on `from` to the next that can run, or to the scheduler.
void BlockRunner::run_next(Fiber* from) {
  if (num_ready_ == 0 || failed_) {
    if (from != &scheduler_) switch_to(from, &scheduler_, scheduler_tsan_fiber_);
    return;
  }
  Thread& thread = threads_[pop()];
  if (thread.state == ThreadState::kNew) thread.fiber = take_fiber();
  thread.state = ThreadState::kReady;
  current_ = &thread;
  threadIdx = thread.index;
  if (thread.fiber != from) switch_to(from, thread.fiber, thread.tsan_fiber);
}

void BlockRunner::switch_to(Fiber* from, Fiber* to, void* tsan_fiber) {
  switched_from_ = from;
  tsan::switch_to(tsan_fiber);
  asan::start_switch(from->stack, to->stack);
  context::fiber back = std::move(to->self).resume();
  asan::finish_switch(from->stack);
  switched_from_->self = std::move(back);
}

void BlockRunner::wait(ThreadState state) {
  current_->state = state;
  run_next(current_->fiber);
  if (failed_) throw Unwind{};
}

void BlockRunner::yield() {
  warps_[current_->warp()].yielded |= bit_of(*current_);
  ++num_ready_;
  wait(ThreadState::kReady);
}

/// Lanes that have ended hold up no warp operation; at a barrier they are missed.
void BlockRunner::end(Thread& thread) {
  thread.state = ThreadState::kDone;
  --num_alive_;
  tsan::release(&end_tsan_);
  Warp& warp = warps_[thread.warp()];
  warp.alive &= ~bit_of(thread);
  for (uint32_t used = warp.used; used != 0; used &= used - 1) {
    Exchange& exchange = warp.exchanges[std::countr_zero(used)];
    if (!exchange.complete && (exchange.mask & warp.alive) == exchange.arrived) complete(warp, exchange);
  }
  if (num_at_barrier_ != 0 && !failed_) {
    fail("a thread ended while others wait at the barrier " + to_string(barrier_location_) + ", " + describe(thread));
  }
}

Fiber* BlockRunner::new_fiber() {
  fibers_.push_back(std::make_unique<Fiber>());
  Fiber* fiber = fibers_.back().get();
  context::protected_fixedsize_stack allocator(kStackBytes);
  const context::stack_context stack = allocator.allocate();
  fiber->stack.size = stack.size;
  fiber->stack.bottom = static_cast<char*>(stack.sp) - stack.size;
  // Tops of stacks would all fall into the same sets of the cache.
  const size_t offset = fibers_.size() % 61 * 64 + fibers_.size() % 2 * 4096;
  fiber->self = context::fiber(
      std::allocator_arg, context::preallocated(static_cast<char*>(stack.sp) - offset, stack.size - offset, stack),
      allocator, [this, fiber](context::fiber&& from) { return fiber_main(std::move(from), fiber); });
  return fiber;
}

Fiber* BlockRunner::take_fiber() {
  if (idle_.empty()) return new_fiber();
  Fiber* fiber = idle_.back();
  idle_.pop_back();
  return fiber;
}

/// Threads one after another: one that ends leaves its stack to the next that begins.
context::fiber BlockRunner::fiber_main(context::fiber&& from, Fiber* fiber) {
  const asan::Stack came_from = asan::finish_first_switch();
  if (switched_from_ == &scheduler_) scheduler_.stack = came_from;
  switched_from_->self = std::move(from);
  while (!quit_) {
    try {
      tsan::acquire(&start_tsan_);
      if (!failed_) grid_->thread();
    } catch (const Unwind&) {
    }
    end(*current_);
    (tsan::kOn ? spent_ : idle_).push_back(fiber);
    run_next(fiber);
  }
  asan::start_last_switch(scheduler_.stack);
  return std::move(scheduler_.self);
}

}  // namespace emulation
