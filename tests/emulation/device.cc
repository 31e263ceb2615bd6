/// Questions about the device, and errors.
#include "emulation/device_state.h"
#include "emulation/shared_memory.h"

using emulation::device_state;
using emulation::DeviceState;

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
  *count = device_state().settings.num_devices;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  if (device < 0 || device >= state.settings.num_devices) return state.set(cudaErrorInvalidDevice);
  state.device = device;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = device_state().device;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  switch (attribute) {
    case cudaDevAttrMultiProcessorCount:
      *value = 4;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = static_cast<int>(emulation::kMaxDynamicShared);
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
      *value = 9;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      *value = 0;
      return cudaSuccess;
    default:
      return device_state().set(cudaErrorNotSupported);
  }
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  const bool valid = attribute == cudaFuncAttributeMaxDynamicSharedMemorySize && value >= 0 &&
                     static_cast<size_t>(value) <= emulation::kMaxDynamicShared;
  if (!valid) return state.set(cudaErrorInvalidValue);
  state.max_dynamic_shared[kernel] = static_cast<size_t>(value);
  return cudaSuccess;
}

cudaError_t cudaGetLastError() {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  const cudaError_t error = state.last_error;
  state.last_error = state.sticky_error;
  return error;
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    case cudaErrorInvalidConfiguration:
      return "cudaErrorInvalidConfiguration";
    case cudaErrorInvalidResourceHandle:
      return "cudaErrorInvalidResourceHandle";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
    case cudaErrorNotSupported:
      return "cudaErrorNotSupported";
    default:
      return "cudaError";
  }
}

const char* cudaGetErrorString(cudaError_t error) {
  return cudaGetErrorName(error);
}
}
