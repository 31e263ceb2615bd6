/// Row-wise softmax and argmax, for predictions.
#pragma once

#include <cstdint>

#include "tensor/arguments.h"

namespace gigahop::ops {

/// y = softmax of each row of x [R, C], C >= 1; y may be x.
template <class Device>
void softmax_rows(Device& dev, In<Device> x, Out<Device> y);

/// index [R] of the largest element of each row of x [R, C], C >= 1; the lowest of equal ones.
template <class Device>
void argmax_rows(Device& dev, In<Device> x, VectorOf<Device, int32_t> index);

}  // namespace gigahop::ops
