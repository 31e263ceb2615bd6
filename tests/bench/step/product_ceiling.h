/// How fast oneDNN makes the products of a step when it does nothing else: the ceiling the step is measured against.
#pragma once

#include <cstdint>

namespace gigahop::bench {

enum class ElementType { kFloat32, kBFloat16 };

/// One product op(A) op(B) = C [m, n] with inner extent k, accumulated and written in float32.
struct ProductShape {
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  bool transpose_a = false;
  bool transpose_b = false;

  double operations() const { return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k); }
};

/// Seconds of one product on all threads, the fastest of some, inputs in cache where they fit.
double seconds_on_all_threads(const ProductShape& shape, ElementType type, int num_threads);

/// Seconds of one product on one thread while every other thread makes such a product too.
double seconds_on_each_thread(const ProductShape& shape, ElementType type, int num_threads);

}  // namespace gigahop::bench
