#include "train/optimizer.h"

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
void Optimizer<Device>::update(int64_t step, double learning_rate, VectorView<const float, Device> gradients,
                               VectorView<float, Device> values, VectorView<double, Device> square_sum) {
  ops::sum_of_squares(*device_, gradients, square_sum);
  const ops::AdamOptions adam_options{.learning_rate = learning_rate,
                                      .weight_decay = options_.weight_decay,
                                      .clip_gradient_norm = options_.clip_gradient_norm};
  ops::adam(*device_, adam_options, step + 1, square_sum, gradients, first_moments(), second_moments(), values);
}

#define GIGAHOP_INSTANTIATE(Device) template class Optimizer<Device>;
GIGAHOP_TRAIN_DEVICES(GIGAHOP_INSTANTIATE)

}  // namespace gigahop::train
