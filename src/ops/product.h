/// Matrix products, the only way the model multiplies large matrices.
#pragma once

#include "tensor/arguments.h"

namespace gigahop::ops {

enum class Transpose { kNo, kYes };

/// C = alpha op(A) op(B) + beta C, row-major with strides, op(A) [m, k], op(B) [k, n], C [m, n].
///
/// beta   0 overwrites C, whatever it held
/// Alias  C must not overlap A or B
/// Empty  m or n = 0 does nothing; k = 0 leaves beta C
/// Errors Error{kInternal} if extents disagree
/// Order  bitwise repeatable and independent of the number of threads
/// Cost   2 m n k floating point operations, added to dev.product_seconds
template <class Device>
void product(Device& dev, Transpose transpose_a, Transpose transpose_b, Real<Device> alpha, In<Device> a, In<Device> b,
             Real<Device> beta, Out<Device> c);

}  // namespace gigahop::ops
