/// Device memory, pinned memory and copies.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <sys/mman.h>

#include "emulation/device_state.h"
#include "emulation/launch.h"
#include "emulation/sanitizers.h"

namespace emulation {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kAlignment = 256;
constexpr size_t kArenaCapacities = 64;

size_t round_up(size_t size, size_t unit) {
  return (size + unit - 1) / unit * unit;
}

}  // namespace

DeviceMemory::DeviceMemory(const Settings& settings) : protect_(settings.protect), capacity_(settings.memory_bytes) {
  if (!protect_) return;
  // Much more than the capacity, for freed ranges are not used again: a late access to one meets no other's data.
  void* mapping =
      mmap(nullptr, kArenaCapacities * capacity_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) std::abort();
  arena_ = static_cast<char*>(mapping);
}

char* DeviceMemory::take_from_arena(size_t size) {
  if (arena_used_ + size > kArenaCapacities * capacity_) return nullptr;
  char* address = arena_ + arena_used_;
  arena_used_ += round_up(size + kAlignment, kPage);
  if (num_open_ > 0) mprotect(arena_, arena_used_, PROT_READ | PROT_WRITE);
  return address;
}

char* DeviceMemory::allocate(size_t size) {
  if (used_ + size > capacity_) return nullptr;
  void* address = nullptr;
  if (protect_) {
    address = take_from_arena(size);
  } else if (posix_memalign(&address, kAlignment, std::max<size_t>(size, 1)) != 0) {
    address = nullptr;
  }
  if (address == nullptr) return nullptr;
  auto* range = static_cast<char*>(address);
  used_ += size;
  ranges_[range] = size;
  open();
  std::memset(range, 0xff, size);
  close();
  return range;
}

bool DeviceMemory::release(void* address) {
  const auto range = ranges_.find(static_cast<char*>(address));
  if (range == ranges_.end()) return false;
  if (protect_) {
    madvise(range->first, round_up(range->second, kPage), MADV_DONTNEED);
  } else {
    std::free(address);
  }
  used_ -= range->second;
  ranges_.erase(range);
  return true;
}

DeviceMemory::Place DeviceMemory::place_of(const void* address, size_t size) const {
  const auto* first = static_cast<const char*>(address);
  auto range = ranges_.upper_bound(const_cast<char*>(first));
  if (range == ranges_.begin()) return Place::kHost;
  --range;
  const auto offset = static_cast<size_t>(first - range->first);
  if (offset >= range->second) return Place::kHost;
  return offset + size <= range->second ? Place::kDevice : Place::kBeyond;
}

void DeviceMemory::open() {
  if (num_open_++ == 0 && protect_ && arena_used_ > 0) mprotect(arena_, arena_used_, PROT_READ | PROT_WRITE);
}

void DeviceMemory::close() {
  if (--num_open_ == 0 && protect_ && arena_used_ > 0) mprotect(arena_, arena_used_, PROT_NONE);
}

namespace {

using Place = DeviceMemory::Place;

bool fits(cudaMemcpyKind kind, Place target, Place source) {
  switch (kind) {
    case cudaMemcpyHostToDevice:
      return target == Place::kDevice && source == Place::kHost;
    case cudaMemcpyDeviceToHost:
      return target == Place::kHost && source == Place::kDevice;
    case cudaMemcpyDeviceToDevice:
      return target == Place::kDevice && source == Place::kDevice;
    default:
      return false;
  }
}

}  // namespace
}  // namespace emulation

using emulation::device_state;
using emulation::DeviceState;

extern "C" {

cudaError_t cudaMalloc(void** address, size_t size) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  *address = state.memory.allocate(size);
  return state.set(*address == nullptr ? cudaErrorMemoryAllocation : cudaSuccess);
}

cudaError_t cudaFree(void* address) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  state.drain_all();
  if (address == nullptr) return state.set(state.sticky_error);
  return state.set(state.memory.release(address) ? state.sticky_error : cudaErrorInvalidValue);
}

cudaError_t cudaMallocHost(void** address, size_t size) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  *address = std::malloc(std::max<size_t>(size, 1));
  return state.set(*address == nullptr ? cudaErrorMemoryAllocation : cudaSuccess);
}

cudaError_t cudaFreeHost(void* address) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  state.drain_all();
  std::free(address);
  return state.set(state.sticky_error);
}

cudaError_t cudaMemcpyAsync(void* target, const void* source, size_t size, cudaMemcpyKind kind, cudaStream_t stream) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  if (size == 0) return state.set(state.sticky_error);
  if (!emulation::fits(kind, state.memory.place_of(target, size), state.memory.place_of(source, size))) {
    return state.set(cudaErrorInvalidValue);
  }
  return emulation::submit(stream, [=] { std::memcpy(target, source, size); });
}

cudaError_t cudaMemsetAsync(void* target, int value, size_t size, cudaStream_t stream) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  if (size == 0) return state.set(state.sticky_error);
  if (state.memory.place_of(target, size) != emulation::DeviceMemory::Place::kDevice) {
    return state.set(cudaErrorInvalidValue);
  }
  return emulation::submit(stream, [=] { std::memset(target, value, size); });
}

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  *free_bytes = state.memory.free_bytes();
  *total_bytes = state.memory.capacity();
  return cudaSuccess;
}
}
