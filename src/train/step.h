/// One training step: the heart of gigahop.
#pragma once

#include <cstdint>

#include "comm/communicator.h"
#include "comm/gradient_sync.h"
#include "model/large_gt.h"
#include "tensor/host_copy.h"
#include "tensor/matrix.h"
#include "train/assignments.h"
#include "train/device_batches.h"
#include "train/optimizer.h"
#include "train/step_seconds.h"

namespace gigahop::train {

/// What a step is told.
struct StepInput {
  int64_t step = 0;           // of the run, from 0: keys the dropout masks and Adam's bias correction
  int64_t num_seeds_all = 0;  // B over all ranks
  double learning_rate = 0;
};

/// What this rank's seeds gave.
struct StepOutput {
  double loss_sum = 0;
  int64_t num_correct = 0;
  double gradient_norm = 0;  // of the gradients of all ranks, before clipping
};

template <class Device>
class Step {
 public:
  /// Collective. All outlive the step.
  Step(const comm::Communicator& comm, model::LargeGt<Device>& model, Optimizer<Device>& optimizer,
       Assignments<Device>& assignments)
      : comm_(comm),
        gradient_sync_(model.device(), comm),
        model_(model),
        optimizer_(optimizer),
        assignments_(assignments) {}

  /// Takes the next batch, a training batch, and updates the parameters and the codebook by it. The batch after it is
  /// prepared while the device works; the host waits for the device once, at the end.
  /// Collective, ranks without seeds in this step included. A step in which no rank has seeds changes nothing.
  StepOutput run(DeviceBatches<Device>& batches, const StepInput& input);

  /// The same with a batch that is at hand.
  StepOutput run(const BatchInput<Device>& batch, const StepInput& input);

  /// Seconds spent waiting for gradients and codebook sums of other ranks.
  double sync_seconds() const { return gradient_sync_.waited_seconds(); }
  /// Of all steps so far.
  const StepSeconds& seconds() const { return seconds_; }

 private:
  /// What a step computes for the host.
  struct Results {
    ops::CrossEntropy loss;
    double gradient_square_sum = 0;
  };
  void queue(const BatchInput<Device>& batch, const StepInput& input);
  StepOutput finish();

  const comm::Communicator& comm_;
  comm::GradientSync<Device> gradient_sync_;
  model::LargeGt<Device>& model_;
  Optimizer<Device>& optimizer_;
  Assignments<Device>& assignments_;
  Matrix<float, Device> logits_gradient_;
  StepSeconds seconds_;
  ReadBack<Results, Device> results_;
};

}  // namespace gigahop::train
