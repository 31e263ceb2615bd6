#include "model/batch_norm.h"

#include <algorithm>

#include "comm/collectives.h"
#include "comm/traffic.h"
#include "model/instantiate.h"
#include "ops/batch_norm.h"

namespace gigahop::model {

template <class Device>
BatchNorm<Device>::BatchNorm(Parameters<Device>& parameters, const std::string& name)
    : gain_(parameters.value_vector(name + ".weight")),
      shift_(parameters.value_vector(name + ".bias")),
      gain_gradient_(parameters.gradient_vector(name + ".weight")),
      shift_gradient_(parameters.gradient_vector(name + ".bias")),
      statistics_(gain_.size),
      sums_(2 * gain_.size) {}

template <class Device>
void BatchNorm<Device>::forward(Device& dev, const comm::Communicator& comm, Mode mode, In<Device> x, Out<Device> y) {
  if (mode == Mode::kTrain) {
    statistics_.gather(dev, comm, x);
  } else {
    statistics_.use_running();
  }
  ops::batch_norm_apply(dev, x, statistics_.mean(), statistics_.inverse_deviation(), gain_, shift_, y);
}

template <class Device>
void BatchNorm<Device>::backward(Device& dev, const comm::Communicator& comm, In<Device> x, In<Device> dy,
                                 Out<Device> dx) {
  const int64_t width = gain_.size;
  const VectorOf<Device, double> dy_sums(sums_.data(), width);
  const VectorOf<Device, double> dy_x_sums(sums_.data() + width, width);
  ops::batch_norm_backward_sums(dev, x, statistics_.mean(), statistics_.inverse_deviation(), dy, dy_sums, dy_x_sums);
  for (int64_t c = 0; c < width; ++c) {
    shift_gradient_[c] = static_cast<Real<Device>>(dy_sums[c]);
    gain_gradient_[c] = static_cast<Real<Device>>(dy_x_sums[c]);
  }
  if (statistics_.are_of_batch()) {
    const comm::Phase phase(comm, "batch norm");
    comm::all_reduce_sum(comm, sums_.span());
  } else {
    sums_.fill(0);
  }
  ops::batch_norm_backward_apply(dev, x, statistics_.mean(), statistics_.inverse_deviation(), gain_, dy, dy_sums,
                                 dy_x_sums, std::max<int64_t>(statistics_.rows_all(), 1), dx);
}

GIGAHOP_MODEL_INSTANTIATE(BatchNorm);

}  // namespace gigahop::model
