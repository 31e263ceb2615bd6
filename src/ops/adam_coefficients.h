/// What a step of Adam multiplies by, in double precision, rounded once: in float, 1 - 0.999 is off by 1.3e-5 of
/// itself.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/error.h"
#include "ops/adam.h"

namespace gigahop::ops {

struct AdamCoefficients {
  float weight_decay;
  float beta1;
  float one_minus_beta1;
  float beta2;
  float one_minus_beta2;
  float step_size;                // learning rate / (1 - beta1^t)
  float inverse_root_correction;  // 1 / sqrt(1 - beta2^t)
  float epsilon;
};

inline AdamCoefficients adam_coefficients(const AdamOptions& options, int64_t step) {
  require(step >= 1, "adam: steps count from 1");
  const auto t = static_cast<double>(step);
  return {
      static_cast<float>(options.weight_decay),
      static_cast<float>(options.beta1),
      static_cast<float>(1 - options.beta1),
      static_cast<float>(options.beta2),
      static_cast<float>(1 - options.beta2),
      static_cast<float>(options.learning_rate / (1 - std::pow(options.beta1, t))),
      static_cast<float>(1 / std::sqrt(1 - std::pow(options.beta2, t))),
      static_cast<float>(options.epsilon),
  };
}

}  // namespace gigahop::ops
