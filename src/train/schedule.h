/// The learning rate of each step. Pure.
#pragma once

#include <cstdint>

#include "proto/config.pb.h"

namespace gigahop::train {

/// The rate of step `step` (from 0) of a run of `num_steps`. Over the first warm_up_steps it rises linearly, step 0
/// getting 1 / warm_up_steps of it; then it stays (CONSTANT) or falls as half a cosine to 0 at num_steps (COSINE).
double learning_rate(const proto::TrainConfig& config, int64_t step, int64_t num_steps);

}  // namespace gigahop::train
