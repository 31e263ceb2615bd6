#include "emulation/device_state.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace emulation {
namespace {

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

Order read_order() {
  const std::string order = variable("EMULATION_ORDER", "forward");
  if (order == "forward") return Order::kForward;
  if (order == "reverse") return Order::kReverse;
  if (order == "random") return Order::kRandom;
  std::fprintf(stderr, "EMULATION_ORDER: expected forward, reverse or random, found %s\n", order.c_str());
  std::abort();
}

Settings read_settings() {
  Settings settings;
  settings.order = read_order();
  settings.seed = std::stoull(variable("EMULATION_SEED", "1"));
  settings.lazy = variable("EMULATION_STREAMS", "eager") == "lazy";
  settings.protect = variable("EMULATION_PROTECT", "0") == "1";
  settings.num_workers = std::stoi(variable("EMULATION_WORKERS", "1"));
  settings.memory_bytes = std::stoull(variable("EMULATION_MEMORY_BYTES", "4294967296"));
  settings.num_devices = std::stoi(variable("EMULATION_DEVICES", "1"));
  return settings;
}

}  // namespace

DeviceState::DeviceState() : settings(read_settings()) {}

cudaError_t DeviceState::set(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

void DeviceState::drain(CUstream_st& stream, uint64_t num_done) {
  while (stream.num_done < num_done && !stream.queue.empty()) {
    const std::function<void()> work = std::move(stream.queue.front());
    stream.queue.pop_front();
    memory.open();
    if (sticky_error == cudaSuccess) work();
    memory.close();
    ++stream.num_done;
  }
}

void DeviceState::drain_all() {
  for (CUstream_st* stream : streams) drain(*stream);
}

DeviceState& device_state() {
  static DeviceState* state = new DeviceState;  // never destroyed: streams may be closed at exit
  return *state;
}

cudaError_t submit(cudaStream_t stream, std::function<void()> work) {
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  if (state.sticky_error != cudaSuccess) return state.set(state.sticky_error);
  // The default stream waits for others in ways that hide missing waits: the project does not use it.
  if (!state.streams.contains(stream)) return state.set(cudaErrorInvalidResourceHandle);
  stream->queue.push_back(std::move(work));
  if (!state.settings.lazy) state.drain(*stream);
  return state.set(state.sticky_error);
}

}  // namespace emulation
