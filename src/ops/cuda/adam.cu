/// Adam, a thread for each parameter.
#include "ops/adam.h"

#include "base/error.h"
#include "ops/adam_coefficients.h"
#include "ops/cuda/launch.cuh"

namespace gigahop::ops {
namespace {

__global__ void update(AdamCoefficients k, double clip_gradient_norm, const double* __restrict__ square_sum,
                       const float* __restrict__ gradients, float* first, float* second, float* values, int64_t n) {
  const int64_t i = cuda::element_of_thread();
  if (i >= n) return;
  const auto gradient_scale = static_cast<float>(clipping(clip_gradient_norm, sqrt(*square_sum)));
  const float gradient = gradients[i] * gradient_scale + k.weight_decay * values[i];
  first[i] = k.beta1 * first[i] + k.one_minus_beta1 * gradient;
  second[i] = k.beta2 * second[i] + k.one_minus_beta2 * gradient * gradient;
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
  cuda::launch(dev, cuda::one_thread_each(values.size), update, adam_coefficients(options, step),
               options.clip_gradient_norm, square_sum.data, gradients.data, first_moments.data, second_moments.data,
               values.data, values.size);
}

}  // namespace gigahop::ops
