#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gigahop::train {

double learning_rate(const proto::TrainConfig& config, int64_t step, int64_t num_steps) {
  const int64_t warm_up = config.warm_up_steps();
  if (step < warm_up) return config.learning_rate() * static_cast<double>(step + 1) / static_cast<double>(warm_up);
  if (config.schedule() == proto::TrainConfig::CONSTANT) return config.learning_rate();
  const auto length = static_cast<double>(std::max<int64_t>(num_steps - warm_up, 1));
  const double progress = std::min(static_cast<double>(step - warm_up) / length, 1.0);
  return config.learning_rate() * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

}  // namespace gigahop::train
