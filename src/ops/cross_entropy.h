/// Softmax cross-entropy of logits against labels: loss, accuracy and gradient in one pass.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "tensor/arguments.h"

namespace gigahop::ops {

/// Doubles, as a device sums them.
struct CrossEntropy {
  double loss_sum = 0;     // over rows, of -log softmax(logits)[label]
  double num_correct = 0;  // rows whose argmax (lowest of equal ones) is the label
  double num_refused = 0;  // rows whose label is outside [0, C): they have no loss

  /// Error{kInternal} if there is a refused row.
  void check() const { require(num_refused == 0, "cross_entropy: labels are below the number of classes"); }
};

/// logits [B, C], labels [B] in [0, C). dlogits [B, C] = (softmax - one hot) * scale, scale = 1 / seeds of all ranks
/// for the mean; may be logits; rows of refused labels are not written. Empty dlogits: no gradient. result [1]:
/// overwritten; whoever reads it checks it.
///
/// Errors Error{kInternal} for extents that disagree
/// Order  loss_sum is summed over fixed blocks of rows in order: independent of the number of threads
template <class Device>
void cross_entropy(Device& dev, In<Device> logits, VectorOf<Device, const int32_t> labels, double scale,
                   Out<Device> dlogits, VectorOf<Device, CrossEntropy> result);

}  // namespace gigahop::ops
