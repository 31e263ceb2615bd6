/// Mini-batches on their way to a GPU: packed into pinned memory, copied as one piece on the copy stream. Of token rows
/// only those travel that other ranks sent for the batch, or none, where GPUs send each other the rows: on the
/// communication stream, behind the sums of the step before. The device puts the tokens together when it receives it.
///
/// Slots take turns, so that batches travel while the device works on another.
#pragma once

#include <array>
#include <cstddef>

#include "tensor/cuda_buffer.h"
#include "train/batch_input.h"
#include "train/cuda/token_rows.h"

namespace gigahop::train {

template <>
class BatchInputs<Cuda> {
 public:
  /// How many batches are sent before the one that the device works on is done. What GPUs send each other comes behind
  /// a step's sums: a batch has the next step for it.
  int num_ahead() const { return rows_->are_exchanged() ? 2 : 1; }

  /// dev and rows outlive this.
  BatchInputs(Cuda& dev, TokenRows<Cuda>& rows) : dev_(&dev), rows_(&rows) {}

  /// Behind what the device's stream had queued when the last batch was received, beside what it has queued since.
  void send(sampler::MiniBatch batch);
  /// The first batch that was sent and not received: what the device's stream queues from now on finds it there, until
  /// the next one is received.
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
    int64_t packed_capacity = 0;
    int64_t capacity = 0;
    CudaEvent arrived;
    CudaEvent exchanged;
    CudaEvent used;
    sampler::MiniBatch batch;
    BatchInput<Cuda> input;  // but for the tokens, until it is received
    VectorView<const int64_t, Cuda> places;
    VectorView<const std::byte, Cuda> fetched;
    VectorView<const int64_t, Cuda> sent_rows;
    std::byte* sent = nullptr;
    std::byte* received = nullptr;
  };
  void place_all(Layout& layout, Slot& slot, const sampler::MiniBatch& batch) const;
  void exchange_rows(Slot& slot);
  static void make_room(Slot& slot, const Layout& sizes);

  Cuda* dev_;
  TokenRows<Cuda>* rows_;
  std::array<Slot, 3> slots_;  // those that are used have memory
  size_t current_ = 0;         // received last
  size_t num_sent_ = 0;        // behind that, not received yet
};

}  // namespace gigahop::train
