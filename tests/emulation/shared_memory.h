/// Shared memory of the block that a thread of the operating system runs.
///
/// A __shared__ array is thread_local, so the arrays of a kernel lie in the thread-local image of its library; dynamic
/// shared memory is one array, dyn_smem, here.
#pragma once

#include <cstddef>

namespace emulation {

/// What a kernel may ask for at most: that of compute capability 9.0.
constexpr size_t kMaxDynamicShared = size_t{227} << 10;
/// What it may have without asking by cudaFuncSetAttribute.
constexpr size_t kDefaultDynamicShared = size_t{48} << 10;

/// For a new block: every byte of its shared memory is 0xff (NaN, -1), and dynamic memory beyond its size is forbidden.
/// Arrays of libraries whose names begin with "libemulated_" are filled.
void open_shared_memory(size_t dynamic_bytes);
void close_shared_memory();

}  // namespace emulation
