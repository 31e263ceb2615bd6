#include "model/batch_norm.h"

#include <algorithm>

#include "comm/device_collectives.h"
#include "comm/traffic.h"
#include "model/instantiate.h"
#include "ops/batch_norm.h"
#include "ops/batch_statistics.h"
#include "tensor/host_copy.h"

namespace gigahop::model {

template <class Device>
BatchNorm<Device>::BatchNorm(Parameters<Device>& parameters, const std::string& name)
    : gain_(parameters.value_vector(name + ".weight")),
      shift_(parameters.value_vector(name + ".bias")),
      gain_gradient_(parameters.gradient_vector(name + ".weight")),
      shift_gradient_(parameters.gradient_vector(name + ".bias")),
      statistics_(parameters.device(), gain_.size),
      sums_(2 * gain_.size) {}

template <class Device>
void BatchNorm<Device>::forward(Device& dev, const comm::Communicator& comm, const StepContext& context, In<Device> x,
                                Out<Device> y) {
  if (context.mode == Mode::kTrain) {
    statistics_.gather(dev, comm, x, context.num_seeds_all);
  } else {
    statistics_.use_running(dev);
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
  ops::round_sums(dev, dy_sums, shift_gradient_);
  ops::round_sums(dev, dy_x_sums, gain_gradient_);
  const VectorOf<Device, double> both(sums_.data(), 2 * width);
  if (statistics_.are_of_batch()) {
    const comm::Phase phase(comm, "batch norm");
    comm::all_reduce_sum(dev, comm, both);
  } else {
    set_to_zero(dev, both);
  }
  ops::batch_norm_backward_apply(dev, x, statistics_.mean(), statistics_.inverse_deviation(), gain_, dy, dy_sums,
                                 dy_x_sums, std::max<int64_t>(statistics_.rows_all(), 1), dx);
}

GIGAHOP_MODEL_INSTANTIATE(BatchNorm);

}  // namespace gigahop::model
