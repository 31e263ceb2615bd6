/// Gradients, and what else a step sums, over the ranks' GPUs: by NCCL, on the communication stream, while the backward
/// pass goes on.
#pragma once

#include "comm/communicator.h"
#include "comm/gradient_sync.h"
#include "tensor/cuda.h"

namespace gigahop::comm {

template <>
class GradientSync<Cuda> {
 public:
  /// dev and comm outlive this. NCCL runs the sums of buckets and what else is queued over comm in the order of
  /// queueing.
  GradientSync(Cuda& dev, const Communicator& comm) : dev_(&dev), comm_(&comm) {}

  /// As on the CPU: bucket [n] will be its sum over ranks, in place. The sum comes behind what the device's stream has
  /// queued so far, beside what it queues later. Nothing waits.
  void start(VectorView<float, Cuda> bucket, std::string_view phase = "gradients");

  /// What the device's stream queues from now on comes behind all sums.
  void finish();

  /// The host never waits.
  double waited_seconds() const { return 0; }

 private:
  Cuda* dev_;
  const Communicator* comm_;
  CudaEvent computed_;  // the last bucket
  CudaEvent summed_;
};

}  // namespace gigahop::comm
