/// Adam over a model's flat parameter buffer, with weight decay and clipping by the global norm.
///
/// Every rank holds the whole state and makes the same update from the same summed gradients, so that parameters stay
/// the same on all ranks without being sent.
#pragma once

#include <cstdint>

#include "ops/adam.h"
#include "tensor/matrix.h"

namespace gigahop::train {

struct OptimizerOptions {
  double weight_decay = 0;
  double clip_gradient_norm = 0;  // 0 = never
};

template <class Device>
class Optimizer {
 public:
  /// For `size` parameters; moments zero.
  Optimizer(Device& device, int64_t size, const OptimizerOptions& options);

  /// One update of values [size] by gradients [size]; step counts from 0. square_sum [1]: of the gradients before
  /// clipping; overwritten.
  void update(int64_t step, double learning_rate, VectorView<const float, Device> gradients,
              VectorView<float, Device> values, VectorView<double, Device> square_sum);

  VectorView<float, Device> first_moments() { return {first_moments_.data(), first_moments_.size()}; }
  VectorView<float, Device> second_moments() { return {second_moments_.data(), second_moments_.size()}; }

 private:
  Device* device_;
  OptimizerOptions options_;
  Buffer<float, Device> first_moments_;
  Buffer<float, Device> second_moments_;
};

}  // namespace gigahop::train
