/// Launches, streams and events. A stream's work runs in order; two streams run one after the other, in the order of
/// queueing (eager) or as late as what waits for them allows (lazy): a wait that is missing shows in one of the two.
#include "emulation/device_state.h"
#include "emulation/launch.h"
#include "emulation/shared_memory.h"

using emulation::device_state;
using emulation::DeviceState;

namespace emulation {
namespace {

constexpr unsigned kMaxGridExtent = 65535;  // of y and z

bool is_valid(const cudaLaunchConfig_t& config) {
  const uint64_t threads = uint64_t{config.blockDim.x} * config.blockDim.y * config.blockDim.z;
  const uint64_t blocks = uint64_t{config.gridDim.x} * config.gridDim.y * config.gridDim.z;
  return threads > 0 && threads <= 1024 && config.blockDim.z <= 64 && blocks > 0 && config.gridDim.x <= 0x7fffffffU &&
         config.gridDim.y <= kMaxGridExtent && config.gridDim.z <= kMaxGridExtent && config.numAttrs == 0;
}

}  // namespace

cudaError_t launch(const cudaLaunchConfig_t& config, const void* kernel, std::function<void()> thread) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  if (!is_valid(config)) return state.set(cudaErrorInvalidConfiguration);
  const auto limit = state.max_dynamic_shared.find(kernel);
  const size_t allowed = limit == state.max_dynamic_shared.end() ? kDefaultDynamicShared : limit->second;
  if (config.dynamicSmemBytes > allowed) return state.set(cudaErrorInvalidValue);
  Grid grid = {std::move(thread),       config.gridDim,       config.blockDim,
               config.dynamicSmemBytes, state.settings.order, state.settings.seed * 1000003 + state.num_launches++};
  return submit(config.stream, [&state, grid = std::move(grid)] {
    if (!run_grid(grid, state.settings.num_workers)) state.sticky_error = cudaErrorLaunchFailure;
  });
}

}  // namespace emulation

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  if (flags != cudaStreamNonBlocking) return state.set(cudaErrorNotSupported);
  *stream = new CUstream_st;
  state.streams.insert(*stream);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  if (state.streams.erase(stream) == 0) return state.set(cudaErrorInvalidResourceHandle);
  state.drain(*stream);
  delete stream;
  return state.set(state.sticky_error);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  if (!state.streams.contains(stream)) return state.set(cudaErrorInvalidResourceHandle);
  state.drain(*stream);
  return state.set(state.sticky_error);
}

/// Asking is waiting: who asks until it is done would ask for ever if nothing ran meanwhile.
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return cudaStreamSynchronize(stream);
}

cudaError_t cudaDeviceSynchronize() {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  state.drain_all();
  return state.set(state.sticky_error);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const cudaError_t error = cudaDeviceSynchronize();
  delete event;
  return error;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  if (!state.streams.contains(stream)) return state.set(cudaErrorInvalidResourceHandle);
  event->stream = stream;
  event->num_before = stream->num_done + stream->queue.size() + 1;
  return emulation::submit(stream, [event] { event->time = std::chrono::steady_clock::now(); });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  if (event->stream != nullptr) state.drain(*event->stream, event->num_before);
  return state.set(state.sticky_error);
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (event->stream == nullptr) return cudaSuccess;
  return emulation::submit(stream,
                           [other = event->stream, until = event->num_before] { device_state().drain(*other, until); });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
  return cudaSuccess;
}
}
