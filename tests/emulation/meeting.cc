/// How the threads of a block meet: barriers and warp operations.
#include <bit>

#include "emulation/block.h"

namespace emulation {

int BlockRunner::barrier(BarrierKind kind, int predicate, Location location) {
  Thread& thread = *current_;
  if (num_at_barrier_ == 0) {
    barrier_kind_ = kind;
    barrier_location_ = location;
    if (num_alive_ != num_threads_) fail_here("barrier " + to_string(location) + " after a thread of the block ended");
  } else if (barrier_kind_ != kind || barrier_location_ != location) {
    fail_here("divergent barriers: " + to_string(barrier_location_) + " and " + to_string(location));
  }
  thread.location = location;
  const int phase = phase_;
  num_true_ += predicate != 0 ? 1 : 0;
  tsan::release(&barrier_tsan_[phase]);
  if (++num_at_barrier_ == num_threads_) {
    release_barrier();
    push(thread.number);
    wait(ThreadState::kReady);
  } else {
    wait(ThreadState::kAtBarrier);
  }
  tsan::acquire(&barrier_tsan_[phase]);
  return barrier_result_[phase];
}

void BlockRunner::release_barrier() {
  int& result = barrier_result_[phase_];
  result = num_true_;
  if (barrier_kind_ == BarrierKind::kAnd) result = num_true_ == num_threads_ ? 1 : 0;
  if (barrier_kind_ == BarrierKind::kOr) result = num_true_ != 0 ? 1 : 0;
  phase_ ^= 1;
  num_at_barrier_ = num_true_ = 0;
  for (int i = 0; i < num_threads_; ++i) {
    if (threads_[i].state != ThreadState::kAtBarrier) continue;
    threads_[i].state = ThreadState::kReady;
    push(i);
  }
}

/// The exchange under way with this mask, or a new one.
Exchange& BlockRunner::join_exchange(Warp& warp, WarpOperation operation, unsigned mask, Location location) {
  for (uint32_t used = warp.used; used != 0; used &= used - 1) {
    Exchange& exchange = warp.exchanges[std::countr_zero(used)];
    if (exchange.complete || (exchange.mask & mask) == 0) continue;
    if (exchange.mask != mask || exchange.operation != operation || exchange.location != location) {
      fail_here("divergent warp operations on overlapping masks: " + to_string(exchange.location) + " and " +
                to_string(location));
    }
    return exchange;
  }
  const int slot = std::countr_zero(~warp.used);
  warp.used |= uint32_t{1} << slot;
  Exchange& exchange = warp.exchanges[slot];
  exchange.mask = mask;
  exchange.arrived = 0;
  exchange.complete = false;
  exchange.operation = operation;
  exchange.location = location;
  return exchange;
}

void BlockRunner::complete(Warp& warp, Exchange& exchange) {
  exchange.complete = true;
  exchange.leaving = exchange.arrived;
  const auto first = static_cast<int>(&warp - warps_.data()) * kWarpSize;
  for (uint32_t lanes = exchange.arrived; lanes != 0; lanes &= lanes - 1) {
    Thread& thread = threads_[first + std::countr_zero(lanes)];
    if (thread.state != ThreadState::kInWarpOperation) continue;
    thread.state = ThreadState::kReady;
    push(thread.number);
  }
}

namespace {

bool is_shuffle(WarpOperation operation) {
  return operation == WarpOperation::kShuffle || operation == WarpOperation::kShuffleUp ||
         operation == WarpOperation::kShuffleDown || operation == WarpOperation::kShuffleXor;
}

/// The lane whose value a shuffle gives to `lane`.
int source_lane(WarpOperation operation, int lane, int argument, int width) {
  const int first = lane & ~(width - 1);
  const int last = first + width - 1;
  int source = lane;
  if (operation == WarpOperation::kShuffle) return first | (argument & (width - 1));
  if (operation == WarpOperation::kShuffleUp) source = lane - argument < first ? lane : lane - argument;
  if (operation == WarpOperation::kShuffleDown) source = lane + argument > last ? lane : lane + argument;
  if (operation == WarpOperation::kShuffleXor) source = (lane ^ argument) > last ? lane : lane ^ argument;
  return source;
}

/// What a ballot, vote or sum gives to all lanes.
uint64_t combine(const Exchange& exchange) {
  uint64_t ballot = 0;
  uint64_t sum = 0;
  for (uint32_t lanes = exchange.arrived; lanes != 0; lanes &= lanes - 1) {
    const int lane = std::countr_zero(lanes);
    ballot |= (exchange.values[lane] & 1) << lane;
    sum += exchange.values[lane];
  }
  switch (exchange.operation) {
    case WarpOperation::kBallot:
      return ballot;
    case WarpOperation::kAny:
      return ballot != 0 ? 1 : 0;
    case WarpOperation::kAll:
      return ballot == exchange.arrived ? 1 : 0;
    case WarpOperation::kAdd:
      return sum & 0xffffffffU;
    default:
      return 0;
  }
}

}  // namespace

uint64_t BlockRunner::warp_operation(WarpOperation operation, unsigned mask, uint64_t value, int argument, int width,
                                     Location location) {
  Thread& thread = *current_;
  Warp& warp = warps_[thread.warp()];
  const int lane = thread.lane();
  const uint32_t bit = uint32_t{1} << lane;
  if ((mask & bit) == 0) fail_here("a lane is not in its own mask at " + to_string(location));
  Exchange& exchange = join_exchange(warp, operation, mask, location);
  exchange.arrived |= bit;
  exchange.values[lane] = value;
  thread.location = location;
  const bool orders_memory = operation == WarpOperation::kSync;
  if (orders_memory) tsan::release(&exchange);
  if (exchange.arrived == (mask & warp.alive)) {
    complete(warp, exchange);
    push(thread.number);
    wait(ThreadState::kReady);
  } else {
    wait(ThreadState::kInWarpOperation);
  }
  if (orders_memory) tsan::acquire(&exchange);
  uint64_t result = 0;
  if (is_shuffle(operation)) {
    const int source = source_lane(operation, lane, argument, width);
    if ((exchange.arrived >> source & 1) == 0) {
      fail_here("a shuffle reads lane " + std::to_string(source) + ", which takes no part, at " + to_string(location));
    }
    result = exchange.values[source];
  } else {
    result = combine(exchange);
  }
  exchange.leaving &= ~bit;
  if (exchange.leaving == 0) warp.used &= ~(uint32_t{1} << (&exchange - warp.exchanges.data()));
  return result;
}

int barrier(BarrierKind kind, int predicate, Location location) {
  return BlockRunner::of_this_thread().barrier(kind, predicate, location);
}

uint64_t warp_operation(WarpOperation operation, unsigned mask, uint64_t value, int argument, int width,
                        Location location) {
  return BlockRunner::of_this_thread().warp_operation(operation, mask, value, argument, width, location);
}

void yield() {
  BlockRunner::of_this_thread().yield();
}

void trap(const char* what, Location location) {
  BlockRunner::of_this_thread().fail_here(std::string(what) + " at " + to_string(location));
}

}  // namespace emulation
