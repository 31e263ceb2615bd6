/// Messages between all pairs of GPUs as work of a stream.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "comm/communicator.h"

namespace gigahop::comm {

/// What this rank sends to each rank, one message after the other, or receives from each. Nothing for itself.
template <class Byte>
struct DeviceMessages {
  Byte* data = nullptr;            // in the device's memory
  std::span<const int64_t> bytes;  // [R]
};

/// Behind what is queued on the stream. The rank that a message goes to expects as many bytes. Collective in the order
/// of queueing, for ranks without messages too: the first call connects them.
///
/// Errors Error{kComm} if NCCL refuses
void queue_exchange(const Communicator& comm, const DeviceMessages<const std::byte>& sent,
                    const DeviceMessages<std::byte>& received, cudaStream_t stream);

}  // namespace gigahop::comm
