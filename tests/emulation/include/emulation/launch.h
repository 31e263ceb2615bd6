/// Launches, and the overloads that the toolkit's header for nvcc adds to the C interface.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace emulation {

/// Queues one kernel on its stream; `thread` runs one CUDA thread of it.
cudaError_t launch(const cudaLaunchConfig_t& config, const void* kernel, std::function<void()> thread);

/// Queues one piece of device work (a copy, a product, a collective).
cudaError_t submit(cudaStream_t stream, std::function<void()> work);

}  // namespace emulation

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  static_assert((std::is_trivially_copyable_v<Parameters> && ...), "parameters of kernels are copied as bytes");
  static_assert(!(std::is_reference_v<Parameters> || ...), "parameters of kernels are passed by value");
  static_assert((size_t{0} + ... + sizeof(Parameters)) <= 4096, "parameters of a kernel take 4 KiB at most");
  return emulation::launch(*config, reinterpret_cast<const void*>(kernel),
                           [kernel, values = std::tuple<Parameters...>(std::forward<Arguments>(arguments)...)] {
                             std::apply(kernel, values);
                           });
}

template <class... Parameters>
cudaError_t cudaFuncSetAttribute(void (*kernel)(Parameters...), cudaFuncAttribute attribute, int value) {
  return cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), attribute, value);
}
