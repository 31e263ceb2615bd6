#include "train/device_batches.h"

namespace gigahop::train {

template <class Device>
std::optional<BatchInput<Device>> DeviceBatches<Device>::next() {
  if (num_sent_ == 0) {
    inputs_.release();
    if (!send_next()) return std::nullopt;
  }
  --num_sent_;
  const BatchInput<Device> input = inputs_.receive();
  taken_.add(batch());
  return input;
}

template <class Device>
void DeviceBatches<Device>::prepare() {
  while (num_sent_ < inputs_.num_ahead() && send_next()) {
  }
}

/// False after the last.
template <class Device>
bool DeviceBatches<Device>::send_next() {
  std::optional<sampler::MiniBatch> batch = pipeline_.next();
  if (!batch.has_value()) return false;
  inputs_.send(std::move(*batch));
  ++num_sent_;
  return true;
}

#define GIGAHOP_INSTANTIATE(Device) template class DeviceBatches<Device>;
GIGAHOP_TRAIN_DEVICES(GIGAHOP_INSTANTIATE)

}  // namespace gigahop::train
