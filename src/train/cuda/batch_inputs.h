/// Mini-batches on their way to a GPU: packed into pinned memory, copied as one piece on the copy stream.
///
/// Two slots take turns, so that one batch may travel while the device works on the other.
#pragma once

#include <array>
#include <vector>

#include "tensor/cuda_buffer.h"
#include "train/batch_input.h"

namespace gigahop::train {

template <>
class BatchInputs<Cuda> {
 public:
  /// dev outlives this.
  explicit BatchInputs(Cuda& dev) : dev_(&dev) {}

  /// What the device's stream queues from now on finds the batch there. It stays until the call after the next, behind
  /// what the stream has queued by the next. The batch may go, but for its host_sample_offsets.
  BatchInput<Cuda> bring(const sampler::MiniBatch& batch, int64_t num_seeds_all);

 private:
  struct Slot {
    PinnedMemory packed;
    CudaMemory memory;
    int64_t capacity = 0;
    CudaEvent arrived;
    CudaEvent used;
  };
  void make_room(Slot& slot, int64_t bytes) const;

  Cuda* dev_;
  std::array<Slot, 2> slots_;
  size_t last_ = 1;
};

}  // namespace gigahop::train
