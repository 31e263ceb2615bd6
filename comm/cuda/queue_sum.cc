#include "comm/cuda/queue_sum.h"

#include "comm/communicator_state.h"

namespace gigahop::comm {

void queue_sum(const Communicator& comm, void* values, int64_t count, ncclDataType_t type, cudaStream_t stream) {
  Communicator::State& state = comm.state();
  if (state.size == 1 || count == 0) return;
  nccl_check(
      ncclAllReduce(values, values, static_cast<size_t>(count), type, ncclSum, NcclChannel::of(comm).handle(), stream),
      "ncclAllReduce");
  const int64_t bytes = count * (type == ncclFloat64 ? 8 : 4);
  state.count_collective(bytes);
  state.bytes_sent += 2 * bytes;
}

}  // namespace gigahop::comm
