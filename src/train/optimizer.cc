#include "train/optimizer.h"

#include <cmath>

#include "ops/vector.h"

namespace gigahop::train {

template <class Device>
Optimizer<Device>::Optimizer(Device& device, int64_t size, const OptimizerOptions& options)
    : device_(&device), options_(options), first_moments_(size), second_moments_(size) {
  first_moments_.fill(0);
  second_moments_.fill(0);
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

template class Optimizer<Cpu>;

}  // namespace gigahop::train
