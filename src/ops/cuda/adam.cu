/// Adam, a thread for each parameter.
#include "ops/adam.h"

#include <cmath>

#include "base/error.h"
#include "ops/cuda/launch.cuh"

namespace gigahop::ops {
namespace {

struct Coefficients {
  double clip_gradient_norm;
  float weight_decay;
  float beta1;
  float beta2;
  float step_size;                // learning rate / (1 - beta1^t)
  float inverse_root_correction;  // 1 / sqrt(1 - beta2^t)
  float epsilon;
};

__global__ void update(Coefficients k, const double* __restrict__ square_sum, const float* __restrict__ gradients,
                       float* first, float* second, float* values, int64_t n) {
  const int64_t i = cuda::element_of_thread();
  if (i >= n) return;
  const auto gradient_scale = static_cast<float>(clipping(k.clip_gradient_norm, sqrt(*square_sum)));
  const float gradient = gradients[i] * gradient_scale + k.weight_decay * values[i];
  first[i] = k.beta1 * first[i] + (1.0F - k.beta1) * gradient;
  second[i] = k.beta2 * second[i] + (1.0F - k.beta2) * gradient * gradient;
  values[i] -= k.step_size * first[i] / (sqrtf(second[i]) * k.inverse_root_correction + k.epsilon);
}

}  // namespace

template <>
void adam<Cuda>(Cuda& dev, const AdamOptions& options, int64_t step, VectorOf<Cuda, const double> square_sum,
                InVector<Cuda> gradients, OutVector<Cuda> first_moments, OutVector<Cuda> second_moments,
                OutVector<Cuda> values) {
  require(gradients.size == values.size && first_moments.size == values.size && second_moments.size == values.size &&
              square_sum.size == 1,
          "adam: extents agree");
  require(step >= 1, "adam: steps count from 1");
  const auto t = static_cast<double>(step);
  const Coefficients coefficients = {
      options.clip_gradient_norm,
      static_cast<float>(options.weight_decay),
      static_cast<float>(options.beta1),
      static_cast<float>(options.beta2),
      static_cast<float>(options.learning_rate / (1 - std::pow(options.beta1, t))),
      static_cast<float>(1 / std::sqrt(1 - std::pow(options.beta2, t))),
      static_cast<float>(options.epsilon),
  };
  cuda::launch(dev, cuda::one_thread_each(values.size), update, coefficients, square_sum.data, gradients.data,
               first_moments.data, second_moments.data, values.data, values.size);
}

}  // namespace gigahop::ops
