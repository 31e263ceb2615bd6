#include "model/batch_statistics.h"

#include <cmath>

#include "comm/collectives.h"
#include "comm/traffic.h"
#include "model/instantiate.h"
#include "ops/batch_norm.h"

namespace gigahop::model {
namespace {

constexpr double kMomentum = 0.1;

}  // namespace

template <class Device>
BatchStatistics<Device>::BatchStatistics(int64_t width)
    : sums_(width + 1), mean_(width), inverse_deviation_(width), running_mean_(width), running_variance_(width) {
  running_mean_.fill(0);
  running_variance_.fill(1);
}

template <class Device>
void BatchStatistics<Device>::gather(Device& dev, const comm::Communicator& comm, In<Device> x) {
  const comm::Phase phase(comm, "batch norm");
  const int64_t width = mean_.size();
  ops::column_sums(dev, x, {sums_.data(), width});
  sums_.data()[width] = static_cast<double>(x.rows);
  comm::all_reduce_sum(comm, sums_.span());
  rows_all_ = std::llround(sums_.data()[width]);
  if (rows_all_ < 2) return use_running();
  for (int64_t c = 0; c < width; ++c) mean_.data()[c] = sums_.data()[c] / static_cast<double>(rows_all_);
  ops::centred_square_sums(dev, x, mean(), {sums_.data(), width});
  comm::all_reduce_sum(comm, sums_.span().first(static_cast<size_t>(width)));
  are_of_batch_ = true;
  for (int64_t c = 0; c < width; ++c) {
    const double variance = sums_.data()[c] / static_cast<double>(rows_all_);
    inverse_deviation_.data()[c] = 1 / std::sqrt(variance + ops::kNormEpsilon);
  }
  move_running();
}

template <class Device>
void BatchStatistics<Device>::move_running() {
  for (int64_t c = 0; c < mean_.size(); ++c) {
    const double unbiased = sums_.data()[c] / static_cast<double>(rows_all_ - 1);
    Real<Device>& to_mean = running_mean_.data()[c];
    Real<Device>& to_variance = running_variance_.data()[c];
    to_mean = static_cast<Real<Device>>((1 - kMomentum) * to_mean + kMomentum * mean_.data()[c]);
    to_variance = static_cast<Real<Device>>((1 - kMomentum) * to_variance + kMomentum * unbiased);
  }
}

template <class Device>
void BatchStatistics<Device>::use_running() {
  are_of_batch_ = false;
  for (int64_t c = 0; c < mean_.size(); ++c) {
    mean_.data()[c] = running_mean_.data()[c];
    inverse_deviation_.data()[c] = 1 / std::sqrt(running_variance_.data()[c] + ops::kNormEpsilon);
  }
}

GIGAHOP_MODEL_INSTANTIATE(BatchStatistics);

}  // namespace gigahop::model
