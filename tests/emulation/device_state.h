/// The one emulated device of this process: its settings, memory, streams and errors.
///
/// Settings are variables of the environment, read once:
///   EMULATION_ORDER=forward|reverse|random   of blocks, warps and lanes; EMULATION_SEED=n of random
///   EMULATION_STREAMS=eager|lazy             work runs when it is queued, or only once something waits for it
///   EMULATION_PROTECT=1                      device memory can be touched by device work alone: SIGSEGV elsewhere
///   EMULATION_WORKERS=n                      threads that run blocks (default 1)
///   EMULATION_MEMORY_BYTES=n                 of the device (default 4 GiB)
///   EMULATION_DEVICES=n                      that there seem to be, each process with its own (default 1)
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include <cuda_runtime_api.h>

#include "emulation/grid.h"

/// The toolkit's opaque types.
struct CUstream_st {
  std::deque<std::function<void()>> queue;
  uint64_t num_done = 0;  // pieces of work
};

struct CUevent_st {
  CUstream_st* stream = nullptr;  // where it was recorded
  uint64_t num_before = 0;        // complete once the stream has done so many
  std::chrono::steady_clock::time_point time;
};

namespace emulation {

struct Settings {
  Order order = Order::kForward;
  uint64_t seed = 1;
  bool lazy = false;
  bool protect = false;
  int num_workers = 1;
  size_t memory_bytes = size_t{4} << 30;
  int num_devices = 1;
};

/// Memory of the device: filled with 0xff (NaN, -1) where it is allocated, each range known with its extent.
class DeviceMemory {
 public:
  enum class Place { kHost, kDevice, kBeyond };  // kBeyond: begins in a range and ends outside

  explicit DeviceMemory(const Settings& settings);

  /// nullptr where none is left.
  char* allocate(size_t size);
  /// False for an address that is no range's.
  bool release(void* address);
  Place place_of(const void* address, size_t size) const;
  size_t free_bytes() const { return capacity_ - used_; }
  size_t capacity() const { return capacity_; }

  /// Memory can be touched between the two; nests.
  void open();
  void close();

 private:
  char* take_from_arena(size_t size);

  bool protect_;
  size_t capacity_;
  size_t used_ = 0;
  int num_open_ = 0;
  char* arena_ = nullptr;  // of EMULATION_PROTECT: one mapping, so that one call opens all of it
  size_t arena_used_ = 0;
  std::map<char*, size_t> ranges_;
};

struct DeviceState {
  Settings settings;
  std::recursive_mutex mutex;  // around every call
  DeviceMemory memory{settings};
  std::set<CUstream_st*> streams;
  std::unordered_map<const void*, size_t> max_dynamic_shared;  // by kernel
  cudaError_t last_error = cudaSuccess;
  cudaError_t sticky_error = cudaSuccess;  // of a kernel that failed: every later call returns it
  uint64_t num_launches = 0;
  int device = 0;  // the one that was set

  DeviceState();
  cudaError_t set(cudaError_t error);
  /// Runs what is queued on the stream until it has done `num_done` pieces.
  void drain(CUstream_st& stream, uint64_t num_done = ~uint64_t{0});
  void drain_all();
};

DeviceState& device_state();

}  // namespace emulation
