/// CUDA's language on the host: qualifiers, built-in variables, barriers and warp operations.
///
/// The toolkit's headers make __global__, __device__, __host__ and __constant__ empty for a host compiler. A block runs
/// on one thread of the operating system, so that __shared__ is thread_local. Every barrier and warp operation knows
/// the line it stands in: two threads of a block that meet at different lines diverge.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include <vector_types.h>

#undef __shared__
#define __shared__ thread_local
#undef __launch_bounds__
#define __launch_bounds__(...)
#undef __grid_constant__
#define __grid_constant__
/// Defined where a .cu file is compiled for the emulation.
#define GIGAHOP_CUDA_EMULATION 1

extern constinit thread_local uint3 threadIdx;
extern constinit thread_local uint3 blockIdx;
extern constinit thread_local dim3 blockDim;
extern constinit thread_local dim3 gridDim;
inline constexpr int warpSize = 32;

namespace emulation {

/// Where device code calls; std::source_location is too new for the oldest compiler in use.
struct Location {
  const char* file = "";
  int line = 0;

  static constexpr Location current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
  bool operator==(const Location&) const = default;
};

enum class BarrierKind { kPlain, kCount, kAnd, kOr };
enum class WarpOperation { kSync, kShuffle, kShuffleUp, kShuffleDown, kShuffleXor, kBallot, kAny, kAll, kAdd };

/// Of the calling CUDA thread. A misuse ends the kernel with cudaErrorLaunchFailure and a line on stderr.
int barrier(BarrierKind kind, int predicate, Location location);
uint64_t warp_operation(WarpOperation operation, unsigned mask, uint64_t value, int argument, int width,
                        Location location);
/// Lets every other thread of the block that can run do so first.
void yield();
[[noreturn]] void trap(const char* what, Location location);

template <class T>
uint64_t to_word(T value) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(uint64_t));
  uint64_t word = 0;
  std::memcpy(&word, &value, sizeof value);
  return word;
}

template <class T>
T from_word(uint64_t word) {
  T value;
  std::memcpy(&value, &word, sizeof value);
  return value;
}

template <class T>
T shuffle(WarpOperation operation, unsigned mask, T value, int argument, int width, Location location) {
  return from_word<T>(warp_operation(operation, mask, to_word(value), argument, width, location));
}

}  // namespace emulation

inline void __syncthreads(emulation::Location location = emulation::Location::current()) {
  emulation::barrier(emulation::BarrierKind::kPlain, 0, location);
}
inline int __syncthreads_count(int predicate, emulation::Location location = emulation::Location::current()) {
  return emulation::barrier(emulation::BarrierKind::kCount, predicate, location);
}
inline int __syncthreads_and(int predicate, emulation::Location location = emulation::Location::current()) {
  return emulation::barrier(emulation::BarrierKind::kAnd, predicate, location);
}
inline int __syncthreads_or(int predicate, emulation::Location location = emulation::Location::current()) {
  return emulation::barrier(emulation::BarrierKind::kOr, predicate, location);
}

inline void __syncwarp(unsigned mask = 0xffffffffU, emulation::Location location = emulation::Location::current()) {
  emulation::warp_operation(emulation::WarpOperation::kSync, mask, 0, 0, warpSize, location);
}
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = warpSize,
              emulation::Location location = emulation::Location::current()) {
  return emulation::shuffle(emulation::WarpOperation::kShuffle, mask, value, lane, width, location);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = warpSize,
                 emulation::Location location = emulation::Location::current()) {
  return emulation::shuffle(emulation::WarpOperation::kShuffleUp, mask, value, static_cast<int>(delta), width,
                            location);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = warpSize,
                   emulation::Location location = emulation::Location::current()) {
  return emulation::shuffle(emulation::WarpOperation::kShuffleDown, mask, value, static_cast<int>(delta), width,
                            location);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = warpSize,
                  emulation::Location location = emulation::Location::current()) {
  return emulation::shuffle(emulation::WarpOperation::kShuffleXor, mask, value, lanes, width, location);
}
inline unsigned __ballot_sync(unsigned mask, int predicate,
                              emulation::Location location = emulation::Location::current()) {
  return static_cast<unsigned>(emulation::warp_operation(emulation::WarpOperation::kBallot, mask,
                                                         predicate != 0 ? 1 : 0, 0, warpSize, location));
}
inline int __any_sync(unsigned mask, int predicate, emulation::Location location = emulation::Location::current()) {
  return static_cast<int>(
      emulation::warp_operation(emulation::WarpOperation::kAny, mask, predicate != 0 ? 1 : 0, 0, warpSize, location));
}
inline int __all_sync(unsigned mask, int predicate, emulation::Location location = emulation::Location::current()) {
  return static_cast<int>(
      emulation::warp_operation(emulation::WarpOperation::kAll, mask, predicate != 0 ? 1 : 0, 0, warpSize, location));
}
inline unsigned __reduce_add_sync(unsigned mask, unsigned value,
                                  emulation::Location location = emulation::Location::current()) {
  return static_cast<unsigned>(
      emulation::warp_operation(emulation::WarpOperation::kAdd, mask, value, 0, warpSize, location));
}

inline void __threadfence_block() {}
inline void __threadfence() {}
inline void __nanosleep(unsigned) {
  emulation::yield();
}
#define __trap() emulation::trap("__trap", emulation::Location::current())
