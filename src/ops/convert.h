/// Half-precision numbers, as they lie in shards, to the device's number.
#pragma once

#include "base/half.h"
#include "tensor/arguments.h"

namespace gigahop::ops {

/// y = x, both [n]; exact.
template <class Device>
void convert(Device& dev, VectorOf<Device, const Float16> x, OutVector<Device> y);

template <class Device>
void convert(Device& dev, VectorOf<Device, const BFloat16> x, OutVector<Device> y);

}  // namespace gigahop::ops
