#include "tensor/cuda.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace gigahop {
namespace {

constexpr int64_t kAlignment = 256;

Error device_error(const std::string& message, std::source_location where) {
  int device = 0;
  const bool known = cudaGetDevice(&device) == cudaSuccess;
  return Error(ErrorKind::kDevice, known ? fmt::format("CUDA device {}: {}", device, message) : message, where);
}

std::string& memory_hint() {
  static std::string hint;
  return hint;
}

int select_device(int device) {
  cuda_check(cudaSetDevice(device), "cudaSetDevice");
  return device;
}

cudaStream_t open_stream() {
  cudaStream_t stream = nullptr;
  cuda_check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  return stream;
}

cublasLtHandle_t open_products() {
  cublasLtHandle_t products = nullptr;
  cuda_check(cublasLtCreate(&products), "cublasLtCreate");
  return products;
}

}  // namespace

void cuda_check(cudaError_t error, const char* call, std::source_location where) {
  if (error == cudaSuccess) return;
  throw device_error(fmt::format("{}: {} ({})", call, cudaGetErrorString(error), cudaGetErrorName(error)), where);
}

void cuda_check(cublasStatus_t status, const char* call, std::source_location where) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw device_error(fmt::format("{}: {}", call, cublasLtGetStatusName(status)), where);
}

int device_of_local_rank(int local_rank) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    throw Error(ErrorKind::kDevice,
                fmt::format("no usable CUDA device: {} ({})", cudaGetErrorString(error), cudaGetErrorName(error)));
  }
  if (local_rank >= count) {
    throw Error(ErrorKind::kDevice, fmt::format("expected a CUDA device for each rank on this host, at least {}, found "
                                                "{}; start fewer ranks on it",
                                                local_rank + 1, count));
  }
  return local_rank;
}

int num_devices() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

MemoryOfDevice memory_of_device(int device) {
  size_t free_bytes = 0;
  size_t total_bytes = 0;
  select_device(device);
  cuda_check(cudaMemGetInfo(&free_bytes, &total_bytes), "cudaMemGetInfo");
  return {.free_bytes = static_cast<int64_t>(free_bytes), .total_bytes = static_cast<int64_t>(total_bytes)};
}

void explain_out_of_memory(std::string hint) {
  memory_hint() = std::move(hint);
}

CudaMemory::CudaMemory(int64_t bytes) {
  if (bytes == 0) return;
  void* data = nullptr;
  const cudaError_t error = cudaMalloc(&data, static_cast<size_t>(bytes));
  if (error == cudaErrorMemoryAllocation) {
    size_t free_bytes = 0;
    size_t total_bytes = 0;
    cudaGetLastError();  // this error is not for the next call
    cuda_check(cudaMemGetInfo(&free_bytes, &total_bytes), "cudaMemGetInfo");
    throw device_error(fmt::format("out of memory: {} bytes are needed, {} of {} are free{}", bytes, free_bytes,
                                   total_bytes, memory_hint()),
                       std::source_location::current());
  }
  cuda_check(error, "cudaMalloc");
  data_.reset(static_cast<char*>(data));
}

PinnedMemory::PinnedMemory(int64_t bytes) {
  if (bytes == 0) return;
  void* data = nullptr;
  cuda_check(cudaMallocHost(&data, static_cast<size_t>(bytes)), "cudaMallocHost");
  data_.reset(static_cast<char*>(data));
}

char* CudaArena::take(int64_t bytes) {
  const int64_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  if (rounded > left()) {
    throw device_error(
        fmt::format("an operation needs {} bytes of scratch memory, {} of {} are left", rounded, left(), capacity_),
        std::source_location::current());
  }
  char* data = memory_.data() + used_;
  used_ += rounded;
  return data;
}

CudaEvent::CudaEvent() {
  cudaEvent_t event = nullptr;
  cuda_check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  event_.reset(event);
}

void CudaEvent::record(cudaStream_t stream) {
  cuda_check(cudaEventRecord(event_.get(), stream), "cudaEventRecord");
}

void CudaEvent::hold(cudaStream_t stream) const {
  cuda_check(cudaStreamWaitEvent(stream, event_.get(), 0), "cudaStreamWaitEvent");
}

void CudaEvent::wait() const {
  cuda_check(cudaEventSynchronize(event_.get()), "cudaEventSynchronize");
}

Cuda::Cuda(const CudaOptions& options)
    : device(select_device(options.device)),
      precision(options.precision),
      stream(open_stream()),
      copy_stream(open_stream()),
      communication_stream(open_stream()),
      products(open_products()),
      product_workspace(options.product_workspace_bytes),
      product_workspace_bytes(options.product_workspace_bytes),
      scratch(options.scratch_bytes) {}

void synchronise(Cuda& dev) {
  cuda_check(cudaStreamSynchronize(dev.stream.get()), "cudaStreamSynchronize");
}

}  // namespace gigahop
