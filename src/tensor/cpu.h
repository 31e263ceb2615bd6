/// The CPU as a device: the context every operation of the CPU backend takes first.
#pragma once

#include <omp.h>

#include <cstdint>
#include <map>
#include <string>

namespace gigahop {

struct OperationTime {
  int64_t calls = 0;
  double seconds = 0;  // of the calling thread's clock
};

/// Of the operands of products. Whatever it is, sums are formed in float32, and all that is not an operand of a product
/// (parameters, statistics, softmax, losses) stays float32.
enum class Precision { kFloat32, kBFloat16 };

struct Cpu {
  int num_threads = omp_get_max_threads();
  /// For operations whose header says that they compute in the context's precision.
  Precision precision = Precision::kFloat32;
  /// Seconds that operations on this context have spent in matrix products; grows, never reset by an operation.
  double product_seconds = 0;
  /// Where every operation adds its time under its name, a product under its extents too; for benchmarks.
  std::map<std::string, OperationTime>* times = nullptr;
};

}  // namespace gigahop
