#include "comm/device_collectives.h"

#include <span>

#include "comm/collectives.h"
#include "tensor/reference.h"

namespace gigahop::comm {

template <class T, class Device>
void all_reduce_sum(Device&, const Communicator& comm, VectorView<T, Device> values) {
  all_reduce_sum(comm, std::span(values.data, static_cast<size_t>(values.size)));
}

template <class Device>
void finish_queued(Device&, const Communicator&) {}

template void all_reduce_sum(Cpu&, const Communicator&, VectorView<float, Cpu>);
template void all_reduce_sum(Cpu&, const Communicator&, VectorView<double, Cpu>);
template void all_reduce_sum(Reference&, const Communicator&, VectorView<double, Reference>);
template void finish_queued(Cpu&, const Communicator&);
template void finish_queued(Reference&, const Communicator&);

}  // namespace gigahop::comm
