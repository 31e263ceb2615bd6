/// What the sanitizers must be told about stacks that the emulation switches by itself; nothing in plain builds.
///
/// AddressSanitizer: the library is compiled with it. ThreadSanitizer: only kernels and tests are, and this library is
/// linked with its run-time; EMULATION_TSAN says so. Each CUDA thread is then a thread of its own to it, barriers order
/// memory, shuffles do not.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if defined(EMULATION_TSAN)
extern "C" {
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned flags);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace emulation::asan {

struct Stack {
  void* fake = nullptr;
  const void* bottom = nullptr;
  size_t size = 0;
};

#if defined(__SANITIZE_ADDRESS__)
inline void start_switch(Stack& from, const Stack& to) {
  __sanitizer_start_switch_fiber(&from.fake, to.bottom, to.size);
}
inline void start_last_switch(const Stack& to) {
  __sanitizer_start_switch_fiber(nullptr, to.bottom, to.size);
}
inline void finish_switch(Stack& here) {
  __sanitizer_finish_switch_fiber(here.fake, nullptr, nullptr);
}
/// The first switch to a stack; says where it came from.
inline Stack finish_first_switch() {
  Stack from;
  __sanitizer_finish_switch_fiber(nullptr, &from.bottom, &from.size);
  return from;
}
inline void forbid(void* address, size_t size) {
  __asan_poison_memory_region(address, size);
}
inline void allow(void* address, size_t size) {
  __asan_unpoison_memory_region(address, size);
}
#else
inline void start_switch(Stack&, const Stack&) {}
inline void start_last_switch(const Stack&) {}
inline void finish_switch(Stack&) {}
inline Stack finish_first_switch() {
  return {};
}
inline void forbid(void*, size_t) {}
inline void allow(void*, size_t) {}
#endif

}  // namespace emulation::asan

namespace emulation::tsan {

#if defined(EMULATION_TSAN)
inline constexpr bool kOn = true;
inline void* current() {
  return __tsan_get_current_fiber();
}
inline void* create() {
  return __tsan_create_fiber(0);
}
/// Orders no memory.
inline void switch_to(void* fiber) {
  __tsan_switch_to_fiber(fiber, 1);
}
inline void acquire(void* address) {
  __tsan_acquire(address);
}
inline void release(void* address) {
  __tsan_release(address);
}
#else
inline constexpr bool kOn = false;
inline void* current() {
  return nullptr;
}
inline void* create() {
  return nullptr;
}
inline void switch_to(void*) {}
inline void acquire(void*) {}
inline void release(void*) {}
#endif

}  // namespace emulation::tsan
