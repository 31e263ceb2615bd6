/// Atomic operations of device code. On a GPU they are relaxed; here they acquire and release, so that ThreadSanitizer
/// accepts protocols that rest on fences, which it does not know.
#pragma once

#include <atomic>

#include "emulation/threads.h"

namespace emulation {

template <class T, class Change>
T change_atomically(T* address, const Change& change) {
  std::atomic_ref<T> target(*address);
  T old = target.load(std::memory_order_relaxed);
  while (!target.compare_exchange_weak(old, change(old), std::memory_order_acq_rel, std::memory_order_relaxed)) {
  }
  return old;
}

/// Yields where it fails: a spin lock would never end among threads that only switch at their own will.
template <class T>
T compare_and_swap(T* address, T expected, T value) {
  T old = expected;
  if (!std::atomic_ref<T>(*address).compare_exchange_strong(old, value, std::memory_order_acq_rel,
                                                            std::memory_order_relaxed)) {
    yield();
  }
  return old;
}

}  // namespace emulation

template <class T>
requires std::is_arithmetic_v<T> T atomicAdd(T* address, std::type_identity_t<T> value) {
  return emulation::change_atomically(address, [value](T old) { return static_cast<T>(old + value); });
}
template <class T>
requires std::is_integral_v<T> T atomicMax(T* address, std::type_identity_t<T> value) {
  return emulation::change_atomically(address, [value](T old) { return old > value ? old : value; });
}
template <class T>
requires std::is_integral_v<T> T atomicMin(T* address, std::type_identity_t<T> value) {
  return emulation::change_atomically(address, [value](T old) { return old < value ? old : value; });
}
template <class T>
requires std::is_arithmetic_v<T> T atomicExch(T* address, std::type_identity_t<T> value) {
  return emulation::change_atomically(address, [value](T) { return value; });
}
template <class T>
requires std::is_integral_v<T> T atomicCAS(T* address, std::type_identity_t<T> expected,
                                           std::type_identity_t<T> value) {
  return emulation::compare_and_swap<T>(address, expected, value);
}
