/// The one place that chooses between devices: everything below is compiled for each of them.
#pragma once

#include <optional>

#include "comm/agree.h"
#include "proto/config.pb.h"
#include "train/devices.h"
#include "train/setup.h"

namespace gigahop::train {

/// use(device) with the device of the settings, which lives as long as the call; returns what that returns.
///
/// Collective. Errors Error{kConfig} for a device that is not part of this build, and those of cuda_device(), on all
/// ranks if on any
template <class Use>
auto with_device(const comm::Communicator& comm, const proto::Config& config, const Use& use) {
  require_device_of_build(config);
#if defined(GIGAHOP_WITH_CUDA)
  if (config.device() == proto::Config::CUDA) {
    std::optional<Cuda> gpu;
    comm::agree(comm, [&] { gpu.emplace(cuda_device(comm, config)); });
    return use(*gpu);
  }
#endif
  Cpu cpu = cpu_device(config);
  return use(cpu);
}

}  // namespace gigahop::train
