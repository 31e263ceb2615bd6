/// Mean and variance of each column over the rows of all ranks, and the running values that evaluation uses.
///
/// As torch.nn.BatchNorm1d: the biased variance normalises, the unbiased one moves the running value, momentum 0.1,
/// epsilon 1e-5. A batch of fewer than two rows over all ranks has no variance: it is normalised by the running
/// values, which it leaves as they are (PyTorch refuses such a batch; here an epoch may end in one).
#pragma once

#include <cstdint>

#include "comm/communicator.h"
#include "tensor/arguments.h"

namespace gigahop::model {

template <class Device>
class BatchStatistics {
 public:
  /// Running mean 0 and variance 1.
  BatchStatistics(Device& dev, int64_t width);

  /// From x [R, W], R >= 0 differs by rank, rows_all in all; moves the running values.
  /// Collective. Cost: two all-reduces of W doubles with two rows or more, else none.
  void gather(Device& dev, const comm::Communicator& comm, In<Device> x, int64_t rows_all);
  /// From the running values.
  void use_running(Device& dev);

  VectorOf<Device, const double> mean() const { return {mean_.data(), mean_.size()}; }
  /// 1 / sqrt(variance + epsilon)
  VectorOf<Device, const double> inverse_deviation() const {
    return {inverse_deviation_.data(), inverse_deviation_.size()};
  }
  /// Rows of all ranks in the last gather.
  int64_t rows_all() const { return rows_all_; }
  /// Whether mean and variance are functions of the batch, so that gradients pass through them.
  bool are_of_batch() const { return are_of_batch_; }

  OutVector<Device> running_mean() { return {running_mean_.data(), running_mean_.size()}; }
  OutVector<Device> running_variance() { return {running_variance_.data(), running_variance_.size()}; }

 private:
  Buffer<double, Device> sums_;
  Buffer<double, Device> mean_;
  Buffer<double, Device> inverse_deviation_;
  Buffer<Real<Device>, Device> running_mean_;
  Buffer<Real<Device>, Device> running_variance_;
  int64_t rows_all_ = 0;
  bool are_of_batch_ = false;
};

}  // namespace gigahop::model
