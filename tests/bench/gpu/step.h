/// A training step of a rank alone on a batch that lies in the device's memory: the calls of src/train/step.cc without
/// the pipeline before them and the other ranks beside them.
#pragma once

#include <vector>

#include "batch.h"

namespace gigahop::bench {

struct MeasuredSteps {
  std::vector<double> seconds;  // of each step, by the host's clock, until its loss is on the host
  double loss = 0;              // of the last
};

/// One step to warm up, and `number` steps.
MeasuredSteps measure_steps(Cuda& dev, const Extents& extents, int number);

/// The largest difference of the logits of a training step (dropout on) to those of the reference in double, as a share
/// of the largest logit. In the context's precision. For small extents: the reference is slow.
double difference_to_reference(Cuda& dev, const Extents& extents);

}  // namespace gigahop::bench
