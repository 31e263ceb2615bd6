/// Adam, one pass over the four buffers.
#include "ops/adam.h"

#include <cmath>

#include "base/error.h"
#include "ops/adam_coefficients.h"
#include "ops/cpu/clones.h"
#include "ops/cpu/parallel.h"
#include "ops/cpu/timed.h"

namespace gigahop::ops {
namespace {

GIGAHOP_CLONES void update(const AdamCoefficients& coefficients, float gradient_scale,
                           const float* __restrict gradients, float* __restrict first, float* __restrict second,
                           float* __restrict values, int64_t n) {
  const AdamCoefficients k = coefficients;
  for (int64_t i = 0; i < n; ++i) {
    const float gradient = gradients[i] * gradient_scale + k.weight_decay * values[i];
    first[i] = k.beta1 * first[i] + k.one_minus_beta1 * gradient;
    second[i] = k.beta2 * second[i] + k.one_minus_beta2 * gradient * gradient;
    values[i] -= k.step_size * first[i] / (std::sqrt(second[i]) * k.inverse_root_correction + k.epsilon);
  }
}

}  // namespace

template <>
void adam<Cpu>(Cpu& dev, const AdamOptions& options, int64_t step, VectorOf<Cpu, const double> square_sum,
               InVector<Cpu> gradients, OutVector<Cpu> first_moments, OutVector<Cpu> second_moments,
               OutVector<Cpu> values) {
  const cpu::Timed timed(dev, "adam");
  require(gradients.size == values.size && first_moments.size == values.size && second_moments.size == values.size &&
              square_sum.size == 1,
          "adam: extents agree");
  const AdamCoefficients coefficients = adam_coefficients(options, step);
  const auto scale = static_cast<float>(clipping(options.clip_gradient_norm, std::sqrt(square_sum[0])));
  cpu::for_each_block(dev, values.size, cpu::kElementBlock, [&](int64_t first, int64_t count) {
    update(coefficients, scale, gradients.data + first, first_moments.data + first, second_moments.data + first,
           values.data + first, count);
  });
}

}  // namespace gigahop::ops
