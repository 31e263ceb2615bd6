/// Affine maps of rows, y = x W^T + b, and their gradients. Weights are [out, in] as in PyTorch.
/// In the context's precision.
#pragma once

#include "tensor/arguments.h"

namespace gigahop::ops {

/// Whether a gradient replaces what its destination holds or is added to it.
enum class Write { kOverwrite, kAdd };

/// y [R, out] = x [R, in] weight^T + bias.
///
/// bias  [out], or empty for none
/// Errors Error{kInternal} if extents disagree
template <class Device>
void linear(Device& dev, In<Device> x, In<Device> weight, InVector<Device> bias, Out<Device> y);

/// dx [R, in] = dy [R, out] weight.
template <class Device>
void linear_backward_input(Device& dev, In<Device> dy, In<Device> weight, Write write, Out<Device> dx);

/// dweight [out, in] = dy^T x, dbias [out] = column sums of dy.
///
/// dbias  empty for none
/// Empty  R = 0 gives zeros (kOverwrite) or leaves them (kAdd)
template <class Device>
void linear_backward_parameters(Device& dev, In<Device> dy, In<Device> x, Write write, Out<Device> dweight,
                                OutVector<Device> dbias);

}  // namespace gigahop::ops
