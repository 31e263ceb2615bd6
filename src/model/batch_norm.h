/// Batch norm over the seeds of all ranks: y = (x - mean) / sqrt(variance + 1e-5) gain + shift.
#pragma once

#include <string>

#include "comm/communicator.h"
#include "model/batch_statistics.h"
#include "model/model_input.h"
#include "model/parameters.h"

namespace gigahop::model {

template <class Device>
class BatchNorm {
 public:
  BatchNorm(Parameters<Device>& parameters, const std::string& name);

  /// x, y [R, W], may be the same memory. Collective in train mode: two all-reduces.
  void forward(Device& dev, const comm::Communicator& comm, const StepContext& context, In<Device> x, Out<Device> y);

  /// From the forward's x and dy [R, W]: this rank's share of the gradients of gain and shift, overwritten, and dx,
  /// which may be dy. Collective: one all-reduce of 2 W doubles, because every rank's rows moved the mean and variance.
  void backward(Device& dev, const comm::Communicator& comm, In<Device> x, In<Device> dy, Out<Device> dx);

  BatchStatistics<Device>& statistics() { return statistics_; }

 private:
  InVector<Device> gain_;
  InVector<Device> shift_;
  OutVector<Device> gain_gradient_;
  OutVector<Device> shift_gradient_;
  BatchStatistics<Device> statistics_;
  Buffer<double, Device> sums_;  // [2 W]: of dy, of dy times normalised x
};

}  // namespace gigahop::model
