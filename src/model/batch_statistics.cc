#include "model/batch_statistics.h"

#include <vector>

#include "comm/device_collectives.h"
#include "comm/traffic.h"
#include "model/instantiate.h"
#include "ops/batch_norm.h"
#include "ops/batch_statistics.h"
#include "tensor/host_copy.h"

namespace gigahop::model {
namespace {

constexpr double kMomentum = 0.1;

}  // namespace

template <class Device>
BatchStatistics<Device>::BatchStatistics(Device& dev, int64_t width)
    : sums_(width), mean_(width), inverse_deviation_(width), running_mean_(width), running_variance_(width) {
  set_to_zero(dev, running_mean());
  const std::vector<Real<Device>> ones(static_cast<size_t>(width), 1);
  copy_to_device<Real<Device>>(dev, ones, running_variance_.data());
}

template <class Device>
void BatchStatistics<Device>::gather(Device& dev, const comm::Communicator& comm, In<Device> x, int64_t rows_all) {
  rows_all_ = rows_all;
  if (rows_all < 2) return use_running(dev);
  are_of_batch_ = true;
  const comm::Phase phase(comm, "batch norm");
  const VectorOf<Device, double> sums(sums_.data(), sums_.size());
  ops::column_sums(dev, x, sums);
  comm::all_reduce_sum(dev, comm, sums);
  ops::mean_of_sums(dev, sums, rows_all, {mean_.data(), mean_.size()});
  ops::centred_square_sums(dev, x, mean(), sums);
  comm::all_reduce_sum(dev, comm, sums);
  ops::finish_statistics(dev, mean(), sums, rows_all, kMomentum, {inverse_deviation_.data(), sums.size}, running_mean(),
                         running_variance());
}

template <class Device>
void BatchStatistics<Device>::use_running(Device& dev) {
  are_of_batch_ = false;
  ops::use_running_statistics(dev, running_mean(), running_variance(), {mean_.data(), mean_.size()},
                              {inverse_deviation_.data(), mean_.size()});
}

GIGAHOP_MODEL_INSTANTIATE(BatchStatistics);

}  // namespace gigahop::model
