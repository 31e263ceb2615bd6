/// Gradients of all ranks' seeds from those of each rank's own: one sum over one flat buffer.
#pragma once

#include "comm/communicator.h"
#include "tensor/matrix.h"

namespace gigahop::comm {

/// gradients [n] = sum over ranks, in place; afterwards the same bits on all ranks.
///
/// Collective. Cost: one all-reduce of 4 n bytes. Order: as all_reduce_sum, bitwise repeatable for one number of ranks.
template <class Device>
void sum_gradients(const Communicator& comm, Device& dev, VectorView<float, Device> gradients);

}  // namespace gigahop::comm
