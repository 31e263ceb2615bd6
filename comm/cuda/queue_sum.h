/// A sum over ranks as work of a stream.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "comm/communicator.h"
#include "comm/cuda/nccl_channel.h"

namespace gigahop::comm {

/// values [count], in the device's memory, = their sum over ranks, in place, behind what is queued on the stream.
/// Nothing to do on a single rank. Collective in the order of queueing.
void queue_sum(const Communicator& comm, void* values, int64_t count, ncclDataType_t type, cudaStream_t stream);

}  // namespace gigahop::comm
