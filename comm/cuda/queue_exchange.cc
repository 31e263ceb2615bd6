#include "comm/cuda/queue_exchange.h"

#include "base/error.h"
#include "comm/communicator_state.h"
#include "comm/cuda/nccl_channel.h"

namespace gigahop::comm {
namespace {

/// use(rank, first byte, bytes) of each message that is not empty.
template <class Byte, class Use>
void for_each_message(const DeviceMessages<Byte>& messages, const Use& use) {
  Byte* data = messages.data;
  for (size_t rank = 0; rank < messages.bytes.size(); ++rank) {
    const int64_t bytes = messages.bytes[rank];
    if (bytes > 0) use(static_cast<int>(rank), data, bytes);
    data += bytes;
  }
}

}  // namespace

void queue_exchange(const Communicator& comm, const DeviceMessages<const std::byte>& sent,
                    const DeviceMessages<std::byte>& received, cudaStream_t stream) {
  Communicator::State& state = comm.state();
  const auto num_ranks = static_cast<size_t>(state.size);
  require(sent.bytes.size() == num_ranks && received.bytes.size() == num_ranks, "queue_exchange: a message for each");
  require(sent.bytes[state.rank] == 0 && received.bytes[state.rank] == 0, "queue_exchange: nothing for oneself");
  if (state.size == 1) return;
  const ncclComm_t handle = NcclChannel::of(comm).handle();
  nccl_check(ncclGroupStart(), "ncclGroupStart");
  for_each_message(sent, [&](int rank, const std::byte* data, int64_t bytes) {
    nccl_check(ncclSend(data, static_cast<size_t>(bytes), ncclInt8, rank, handle, stream), "ncclSend");
    state.ledger->count_messages(state.phase, rank, {.messages = 1, .bytes = bytes});
    state.bytes_sent += bytes;
  });
  for_each_message(received, [&](int rank, std::byte* data, int64_t bytes) {
    nccl_check(ncclRecv(data, static_cast<size_t>(bytes), ncclInt8, rank, handle, stream), "ncclRecv");
  });
  nccl_check(ncclGroupEnd(), "ncclGroupEnd");
}

}  // namespace gigahop::comm
