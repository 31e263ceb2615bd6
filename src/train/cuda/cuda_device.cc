#include "train/cuda/cuda_device.h"

#include <algorithm>

#include "train/memory.h"
#include "train/setup.h"

namespace gigahop::train {
namespace {

/// One part of so many of the device's memory, where that is less.
constexpr int64_t kScratchShare = 8;
constexpr int64_t kWorkspaceShare = 64;

}  // namespace

Cuda cuda_device(const comm::Communicator& comm, const proto::Config& config) {
  const int device = device_of_local_rank(comm.rank_on_host());
  const int64_t memory = memory_of_device(device).total_bytes;
  return Cuda({.device = device,
               .precision = cpu_device(config).precision,
               .scratch_bytes = std::min(kDeviceScratchBytes, memory / kScratchShare),
               .product_workspace_bytes = std::min(kDeviceWorkspaceBytes, memory / kWorkspaceShare)});
}

}  // namespace gigahop::train
