/// Operations on flat vectors: sum of squares, scale, add.
#pragma once

#include "tensor/arguments.h"

namespace gigahop::ops {

/// sum [1], in double, over fixed blocks in order: independent of the number of threads.
template <class Device>
void sum_of_squares(Device& dev, InVector<Device> x, VectorOf<Device, double> sum);

/// x *= factor.
template <class Device>
void scale(Device& dev, double factor, OutVector<Device> x);

/// y += x.
template <class Device>
void add(Device& dev, InVector<Device> x, OutVector<Device> y);

}  // namespace gigahop::ops
