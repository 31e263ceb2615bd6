/// What a model computes on its device, for tests that go on with it on the host.
#pragma once

#include <algorithm>
#include <vector>

#include "comm/device_collectives.h"
#include "model/large_gt.h"
#include "tensor/host_copy.h"

namespace gigahop::golden {

template <class Device>
ops::CrossEntropy loss_of(model::LargeGt<Device>& model, In<Device> logits, VectorOf<Device, const int32_t> labels,
                          int64_t num_seeds_all, Out<Device> gradient) {
  Buffer<ops::CrossEntropy, Device> result(1);
  model.loss(logits, labels, num_seeds_all, gradient, {result.data(), 1});
  const ops::CrossEntropy loss = host_copy(model.device(), VectorOf<Device, ops::CrossEntropy>(result.data(), 1))[0];
  loss.check();
  return loss;
}

/// codes: in the old assignments, out the new. Does nothing without a codebook.
template <class Device>
void update_codes(const comm::Communicator& comm, model::LargeGt<Device>& model, std::vector<uint16_t>& codes) {
  if (!model.has_codebook()) return;
  const std::vector<int32_t> before(codes.begin(), codes.end());
  Buffer<int32_t, Device> on_device(static_cast<int64_t>(before.size()));
  copy_to_device<int32_t>(model.device(), before, on_device.data());
  comm::all_reduce_sum(model.device(), comm, model.collect_codebook({on_device.data(), on_device.size()}));
  const std::vector<int32_t> after = host_copy(model.device(), model.move_codebook());
  std::ranges::copy(after, codes.begin());
}

}  // namespace gigahop::golden
