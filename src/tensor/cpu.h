/// The CPU as a device: the context every operation of the CPU backend takes first.
#pragma once

#include <omp.h>

namespace gigahop {

struct Cpu {
  int num_threads = omp_get_max_threads();
  /// Seconds that operations on this context have spent in matrix products; grows, never reset by an operation.
  double product_seconds = 0;
};

}  // namespace gigahop
