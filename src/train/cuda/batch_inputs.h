/// Mini-batches on their way to a GPU: packed into pinned memory, copied as one piece on the copy stream. Of token rows
/// only those travel that other ranks sent for the batch; the device puts the tokens together when it receives it.
///
/// Two slots take turns, so that one batch travels while the device works on the other.
#pragma once

#include <array>

#include "tensor/cuda_buffer.h"
#include "train/batch_input.h"
#include "train/cuda/token_rows.h"

namespace gigahop::train {

template <>
class BatchInputs<Cuda> {
 public:
  static constexpr bool kTravel = true;

  /// dev and rows outlive this.
  BatchInputs(Cuda& dev, TokenRows<Cuda>& rows) : dev_(&dev), rows_(&rows) {}

  /// Behind what the device's stream had queued when the last batch was received, beside what it has queued since.
  void send(sampler::MiniBatch batch);
  /// The batch that was sent: what the device's stream queues from now on finds it there, until the next one is
  /// received.
  BatchInput<Cuda> receive();
  /// What was received last, as the host knows it: without its rows.
  const sampler::MiniBatch& batch() const { return slots_[current_].batch; }
  /// Slots keep their memory.
  void release() {}

 private:
  class Layout;
  struct Slot {
    PinnedMemory packed;
    CudaMemory memory;
    int64_t capacity = 0;
    CudaEvent arrived;
    CudaEvent used;
    sampler::MiniBatch batch;
    BatchInput<Cuda> input;  // but for the tokens, until it is received
    VectorView<const int64_t, Cuda> places;
    VectorView<const std::byte, Cuda> fetched;
  };
  static void place_all(Layout& layout, Slot& slot, const sampler::MiniBatch& batch);
  void make_room(Slot& slot, int64_t bytes) const;

  Cuda* dev_;
  TokenRows<Cuda>* rows_;
  std::array<Slot, 2> slots_;
  size_t current_ = 0;
};

}  // namespace gigahop::train
