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
  double clip_gradient_norm = 0;  // 0 = never
};

/// What gradients of this norm are multiplied by.
constexpr double clipping(double clip_gradient_norm, double norm) {
  return clip_gradient_norm > 0 && norm > clip_gradient_norm ? clip_gradient_norm / norm : 1.0;
}

/// One update. step counts from 1. All [n]; values and both moments are updated in place. square_sum [1]: of the
/// gradients; where their norm is above that of the options, they are scaled to it first, without a pass of its own.
template <class Device>
void adam(Device& dev, const AdamOptions& options, int64_t step, VectorOf<Device, const double> square_sum,
          InVector<Device> gradients, OutVector<Device> first_moments, OutVector<Device> second_moments,
          OutVector<Device> values);

}  // namespace gigahop::ops
