#include "comm/gradient_sync.h"

#include "comm/collectives.h"
#include "comm/traffic.h"

namespace gigahop::comm {

template <>
void sum_gradients(const Communicator& comm, Cpu&, VectorView<float, Cpu> gradients) {
  const Phase phase(comm, "gradients");
  all_reduce_sum(comm, std::span(gradients.data, static_cast<size_t>(gradients.size)));
}

}  // namespace gigahop::comm
