/// Softmax cross-entropy of logits against labels: loss, accuracy and gradient in one pass.
#pragma once

#include <cstdint>

#include "tensor/arguments.h"

namespace gigahop::ops {

struct CrossEntropy {
  double loss_sum = 0;      // over rows, of -log softmax(logits)[label]
  int64_t num_correct = 0;  // rows whose argmax (lowest of equal ones) is the label
};

/// logits [B, C], labels [B] in [0, C). dlogits [B, C] = (softmax - one hot) * scale, scale = 1 / seeds of all ranks
/// for the mean; may be logits. Empty dlogits: no gradient.
///
/// Errors Error{kInternal} for a label outside [0, C) or extents that disagree
/// Order  loss_sum is summed over fixed blocks of rows in order: independent of the number of threads
template <class Device>
CrossEntropy cross_entropy(Device& dev, In<Device> logits, VectorOf<Device, const int32_t> labels, double scale,
                           Out<Device> dlogits);

}  // namespace gigahop::ops
