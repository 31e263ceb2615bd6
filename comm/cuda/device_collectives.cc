#include "comm/device_collectives.h"

#include "comm/communicator_state.h"
#include "comm/cuda/queue_sum.h"
#include "tensor/cuda.h"

namespace gigahop::comm {

template <>
void all_reduce_sum(Cuda& dev, const Communicator& comm, VectorView<float, Cuda> values) {
  queue_sum(comm, values.data, values.size, ncclFloat32, dev.stream.get());
}

template <>
void all_reduce_sum(Cuda& dev, const Communicator& comm, VectorView<double, Cuda> values) {
  queue_sum(comm, values.data, values.size, ncclFloat64, dev.stream.get());
}

template <>
void finish_queued(Cuda& dev, const Communicator& comm) {
  wait_until(comm.state(), [&] {
    const cudaError_t state = cudaStreamQuery(dev.stream.get());
    if (state != cudaErrorNotReady) cuda_check(state, "cudaStreamQuery");
    NcclChannel::check_all();
    return state == cudaSuccess;
  });
}

}  // namespace gigahop::comm
