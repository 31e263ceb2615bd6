/// What an epoch or evaluation was, on one line for people. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "proto/metrics.pb.h"

namespace gigahop::train {

/// "epoch 3/10  loss 0.4312  train 81.20 %  valid 79.13 %  test 78.02 %  12,345 seeds/s  data wait 2 %  comm 5 %
/// products 71 %"; what was not measured is left out.
std::string report_line(const proto::Metrics& metrics, int64_t num_epochs);

}  // namespace gigahop::train
