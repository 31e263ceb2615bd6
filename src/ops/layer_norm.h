/// Layer norm of rows: y = (x - mean) / sqrt(variance + 1e-5) * gain + shift, mean and (biased) variance of each row.
#pragma once

#include "tensor/arguments.h"

namespace gigahop::ops {

/// What all norms add to a variance.
constexpr double kNormEpsilon = 1e-5;

/// x, y [R, W], may be the same memory; gain, shift [W].
template <class Device>
void layer_norm(Device& dev, In<Device> x, InVector<Device> gain, InVector<Device> shift, Out<Device> y);

/// Recomputes the statistics from x. dx [R, W] (may be dy or x), dgain and dshift [W] are overwritten.
template <class Device>
void layer_norm_backward(Device& dev, In<Device> x, InVector<Device> gain, In<Device> dy, Out<Device> dx,
                         OutVector<Device> dgain, OutVector<Device> dshift);

}  // namespace gigahop::ops
