/// The matrix product of oneDNN, on the calling thread. The only file that sees oneDNN is sgemm.cc.
#pragma once

#include <cstdint>

#include "ops/product.h"

namespace gigahop::ops::cpu {

/// One operand, row-major: rows are `stride` apart. Transposed when the product says so.
struct Operand {
  const float* data;
  int64_t stride;
  Transpose transpose = Transpose::kNo;
};

/// C [m, n] = alpha op(A) op(B) + beta C, op(A) [m, k]. Never starts threads, so the result depends on nothing else.
/// No handler of a signal may run in this thread meanwhile: the stack pointer is in the heap (base/stop_signal.h).
void sgemm(int64_t m, int64_t n, int64_t k, float alpha, Operand a, Operand b, float beta, float* c, int64_t c_stride);

}  // namespace gigahop::ops::cpu
