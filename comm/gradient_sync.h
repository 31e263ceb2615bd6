/// Gradients of all ranks' seeds from those of each rank's own, summed while the backward pass still runs; and what
/// else a step sums.
///
/// A bucket is a piece of the flat gradient buffer, or another array, that will not change any more. Sums run one after
/// the other on a thread with a message space of its own, so MPI makes progress whatever the step's own threads
/// compute.
#pragma once

#include <memory>
#include <string_view>

#include "comm/communicator.h"
#include "tensor/matrix.h"

namespace gigahop::comm {

template <class Device>
class GradientSync;

template <>
class GradientSync<Cpu> {
 public:
  /// Collective.
  GradientSync(Cpu& dev, const Communicator& comm);
  ~GradientSync();

  /// bucket [n] will be its sum over ranks, in place, with the same bits on all ranks; it stays untouched until finish.
  /// phase: what the traffic counts for. An empty bucket is none.
  ///
  /// Collective in the sense of the order: all ranks start the same buckets in the same order.
  /// Cost  one all-reduce of 4 n bytes
  /// Order as all_reduce_sum, bitwise repeatable for one number of ranks
  void start(VectorView<float, Cpu> bucket, std::string_view phase = "gradients");

  /// Waits until all buckets are summed. Rethrows what a sum threw.
  void finish();

  /// Seconds that finish has waited.
  double waited_seconds() const;

 private:
  struct State;
  std::unique_ptr<State> state_;  // null on a single rank, which has nothing to sum
};

}  // namespace gigahop::comm
