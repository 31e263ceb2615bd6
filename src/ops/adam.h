/// Adam over flat buffers, as torch.optim.Adam: weight decay is added to the gradient.
#pragma once

#include <cstdint>

#include "tensor/arguments.h"

namespace gigahop::ops {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
};

/// One update. step counts from 1. All [n]; values and both moments are updated in place. gradient_scale multiplies
/// every gradient first (gradient clipping without a pass of its own).
template <class Device>
void adam(Device& dev, const AdamOptions& options, int64_t step, double gradient_scale, InVector<Device> gradients,
          OutVector<Device> first_moments, OutVector<Device> second_moments, OutVector<Device> values);

}  // namespace gigahop::ops
