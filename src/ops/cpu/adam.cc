/// Adam, one pass over the four buffers.
#include "ops/adam.h"

#include <cmath>

#include "base/error.h"
#include "ops/cpu/clones.h"
#include "ops/cpu/parallel.h"
#include "ops/cpu/timed.h"

namespace gigahop::ops {
namespace {

struct Coefficients {
  float gradient_scale;
  float weight_decay;
  float beta1;
  float beta2;
  float step_size;                // learning rate / (1 - beta1^t)
  float inverse_root_correction;  // 1 / sqrt(1 - beta2^t)
  float epsilon;
};

GIGAHOP_CLONES void update(const Coefficients& coefficients, const float* __restrict gradients, float* __restrict first,
                           float* __restrict second, float* __restrict values, int64_t n) {
  const Coefficients k = coefficients;
  for (int64_t i = 0; i < n; ++i) {
    const float gradient = gradients[i] * k.gradient_scale + k.weight_decay * values[i];
    first[i] = k.beta1 * first[i] + (1.0F - k.beta1) * gradient;
    second[i] = k.beta2 * second[i] + (1.0F - k.beta2) * gradient * gradient;
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
  require(step >= 1, "adam: steps count from 1");
  const auto t = static_cast<double>(step);
  const Coefficients coefficients = {
      static_cast<float>(clipping(options.clip_gradient_norm, std::sqrt(square_sum[0]))),
      static_cast<float>(options.weight_decay),
      static_cast<float>(options.beta1),
      static_cast<float>(options.beta2),
      static_cast<float>(options.learning_rate / (1 - std::pow(options.beta1, t))),
      static_cast<float>(1 / std::sqrt(1 - std::pow(options.beta2, t))),
      static_cast<float>(options.epsilon),
  };
  cpu::for_each_block(dev, values.size, cpu::kElementBlock, [&](int64_t first, int64_t count) {
    update(coefficients, gradients.data + first, first_moments.data + first, second_moments.data + first,
           values.data + first, count);
  });
}

}  // namespace gigahop::ops
