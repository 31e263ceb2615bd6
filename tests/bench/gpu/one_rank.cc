/// comm/ for a rank alone, without MPI: what the model calls of it. Sums over one rank are what they were.
#include "comm/collectives.h"
#include "comm/communicator.h"
#include "comm/device_collectives.h"
#include "comm/traffic.h"
#include "tensor/cuda_buffer.h"
#include "tensor/reference.h"

namespace gigahop::comm {

struct Communicator::State {};

Communicator::Communicator(std::unique_ptr<State> state) : state_(std::move(state)) {}
Communicator::~Communicator() = default;

Communicator Communicator::self() {
  return Communicator(std::make_unique<State>());
}

Phase::Phase(const Communicator& comm, std::string_view) : state_(comm.state()), before_(0) {}
Phase::~Phase() = default;

template <class T>
void all_reduce_sum(const Communicator&, std::span<T>) {}
template void all_reduce_sum(const Communicator&, std::span<int64_t>);

template <class T, class Device>
void all_reduce_sum(Device&, const Communicator&, VectorView<T, Device>) {}
template void all_reduce_sum(Cpu&, const Communicator&, VectorView<float, Cpu>);
template void all_reduce_sum(Cpu&, const Communicator&, VectorView<double, Cpu>);
template void all_reduce_sum(Reference&, const Communicator&, VectorView<double, Reference>);
template void all_reduce_sum(Cuda&, const Communicator&, VectorView<float, Cuda>);
template void all_reduce_sum(Cuda&, const Communicator&, VectorView<double, Cuda>);

}  // namespace gigahop::comm
