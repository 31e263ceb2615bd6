#include "train/device_batches.h"

namespace gigahop::train {

template <class Device>
std::optional<BatchInput<Device>> DeviceBatches<Device>::next() {
  if (!is_prepared_) {
    inputs_.release();
    send_next();
  }
  if (!is_prepared_) return std::nullopt;
  is_prepared_ = false;
  const BatchInput<Device> input = inputs_.receive();
  taken_.add(batch());
  return input;
}

template <class Device>
void DeviceBatches<Device>::prepare() {
  if (BatchInputs<Device>::kTravel && !is_prepared_) send_next();
}

template <class Device>
void DeviceBatches<Device>::send_next() {
  std::optional<sampler::MiniBatch> batch = pipeline_.next();
  if (!batch.has_value()) return;
  inputs_.send(std::move(*batch));
  is_prepared_ = true;
}

#define GIGAHOP_INSTANTIATE(Device) template class DeviceBatches<Device>;
GIGAHOP_TRAIN_DEVICES(GIGAHOP_INSTANTIATE)

}  // namespace gigahop::train
