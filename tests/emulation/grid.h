/// One launch of a kernel: its extents, and the order in which its blocks and threads run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <vector_types.h>

namespace emulation {

/// Of blocks, and of the warps and lanes of a block that can run.
enum class Order { kForward, kReverse, kRandom };

struct Grid {
  std::function<void()> thread;  // what each CUDA thread runs
  dim3 blocks;
  dim3 threads;
  size_t dynamic_shared_bytes = 0;
  Order order = Order::kForward;
  uint64_t seed = 0;  // of kRandom

  uint64_t num_blocks() const { return uint64_t{blocks.x} * blocks.y * blocks.z; }
};

/// Runs all blocks, up to num_workers at a time. False where one failed; what it did wrong is then on stderr.
bool run_grid(const Grid& grid, int num_workers);

}  // namespace emulation
