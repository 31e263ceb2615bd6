/// Collectives on the memory of a device, for code that is a template on its device: MPI on devices whose memory is the
/// host's, NCCL on GPUs (comm/cuda/). MPI never sees the address of memory of a GPU.
///
/// Collective: as comm/collectives.h. On GPUs the first one over a communicator makes its NCCL communicator, which all
/// ranks then do together; each is queued on the device's stream and nothing waits.
#pragma once

#include "comm/communicator.h"
#include "tensor/matrix.h"

namespace gigahop::comm {

/// values [n] = their sum over ranks, in place, the same bits on all ranks. T: float, double.
///
/// Cost   as all_reduce_sum of comm/collectives.h
/// Errors Error{kComm} if NCCL cannot connect the ranks
template <class T, class Device>
void all_reduce_sum(Device& dev, const Communicator& comm, VectorView<T, Device> values);

/// Returns when the device is done with all that is queued on its stream, collectives of all ranks included: where a
/// step reads a result. On devices that queue nothing it does nothing. The watchdog knows of the wait.
///
/// Errors Error{kComm} for a collective that failed, Error{kDevice} for a kernel
template <class Device>
void finish_queued(Device& dev, const Communicator& comm);

}  // namespace gigahop::comm
