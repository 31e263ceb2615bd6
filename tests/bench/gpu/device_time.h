/// Seconds of work on a device, and what it does at most: copies and products.
#pragma once

#include <cstdint>
#include <functional>

#include "tensor/cuda.h"

namespace gigahop::bench {

/// Of one run, by events of the device's stream around `repeats` of them, after one more to warm up. run() queues.
double device_seconds(Cuda& dev, int repeats, const std::function<void()>& run);

struct Ceilings {
  double copy_bytes = 0;          // per second, read and written, of one large copy within the device's memory
  double rounded_operations = 0;  // per second, of one large product by cuBLASLt: bfloat16 operands, sums in float32
  double float_operations = 0;    // the same of float32 operands
};

/// copy_bytes: of the copy; product_size: of the square matrices.
Ceilings measure_ceilings(Cuda& dev, int repeats, int64_t copy_bytes, int64_t product_size);

}  // namespace gigahop::bench
