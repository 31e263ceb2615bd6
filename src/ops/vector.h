/// Operations on flat vectors: sum of squares, scale, add.
#pragma once

#include "tensor/arguments.h"

namespace gigahop::ops {

/// In double, over fixed blocks in order: independent of the number of threads.
template <class Device>
double sum_of_squares(Device& dev, InVector<Device> x);

/// x *= factor.
template <class Device>
void scale(Device& dev, double factor, OutVector<Device> x);

/// y += x.
template <class Device>
void add(Device& dev, InVector<Device> x, OutVector<Device> y);

}  // namespace gigahop::ops
