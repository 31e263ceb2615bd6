/// Whether this host has CUDA and NCCL, asked of their libraries by name: no build needs them for this.
#pragma once

#include <nlohmann/json.hpp>

namespace gigahop::launch::doctor {

/// {driver: "13.0" or null, devices: [{name, bytes}], nccl: "2.21.5" or null}
nlohmann::json describe_gpus();

}  // namespace gigahop::launch::doctor
