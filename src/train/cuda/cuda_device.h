/// The GPU that a rank trains on.
#pragma once

#include "comm/communicator.h"
#include "proto/config.pb.h"
#include "tensor/cuda.h"

namespace gigahop::train {

/// By this rank's place among the ranks of its host, with the precision of the settings.
///
/// Errors Error{kDevice}: no usable device, fewer than ranks on this host, or none of its memory left
Cuda cuda_device(const comm::Communicator& comm, const proto::Config& config);

}  // namespace gigahop::train
