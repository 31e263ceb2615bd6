/// The batches of a run, one after another, where the device reads them: the pipeline that loads them, and their way to
/// the device.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "sampler/pipeline.h"
#include "train/batch_input.h"
#include "train/devices.h"

namespace gigahop::train {

template <class Device>
class DeviceBatches {
 public:
  /// As sampler::Pipeline; dev, rows and loader outlive this. Every rank ends it after the same calls.
  DeviceBatches(Device& dev, TokenRows<Device>& rows, sampler::Loader& loader,
                std::function<std::optional<sampler::BatchRequest>()> requests, int batches_ahead)
      : inputs_(dev, rows), pipeline_(loader, std::move(requests), batches_ahead) {}

  /// The next batch; nothing after the last. What the device's stream queues from now on finds it there, until the next
  /// call.
  std::optional<BatchInput<Device>> next();

  /// Batches after that, taken from the pipeline already and sent beside what the device works on. Called when that is
  /// queued, before it is awaited. Where nothing travels it does nothing.
  void prepare();

  /// What next() gave last, as the host knows it: token and positional rows may be gone.
  const sampler::MiniBatch& batch() const { return inputs_.batch(); }

  /// Of the batches that next() has given.
  const sampler::LoadTally& taken() const { return taken_; }
  /// Seconds spent waiting for batches to be loaded.
  double waited_seconds() const { return pipeline_.waited_seconds(); }

 private:
  bool send_next();

  BatchInputs<Device> inputs_;
  sampler::Pipeline pipeline_;
  int num_sent_ = 0;  // not given yet
  sampler::LoadTally taken_;
};

}  // namespace gigahop::train
