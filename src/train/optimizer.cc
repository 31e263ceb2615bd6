#include "train/optimizer.h"

#include <cmath>

#include "ops/vector.h"
#include "tensor/host_copy.h"
#include "train/devices.h"

namespace gigahop::train {

template <class Device>
Optimizer<Device>::Optimizer(Device& device, int64_t size, const OptimizerOptions& options)
    : device_(&device), options_(options), first_moments_(size), second_moments_(size) {
  set_to_zero(device, first_moments());
  set_to_zero(device, second_moments());
}

template <class Device>
double Optimizer<Device>::update(int64_t step, double learning_rate, VectorView<const float, Device> gradients,
                                 VectorView<float, Device> values) {
  const double norm = std::sqrt(ops::sum_of_squares(*device_, gradients));
  const bool clipped = options_.clip_gradient_norm > 0 && norm > options_.clip_gradient_norm;
  const ops::AdamOptions adam_options{.learning_rate = learning_rate, .weight_decay = options_.weight_decay};
  ops::adam(*device_, adam_options, step + 1, clipped ? options_.clip_gradient_norm / norm : 1.0, gradients,
            first_moments(), second_moments(), values);
  return norm;
}

#define GIGAHOP_INSTANTIATE(Device) template class Optimizer<Device>;
GIGAHOP_TRAIN_DEVICES(GIGAHOP_INSTANTIATE)

}  // namespace gigahop::train
