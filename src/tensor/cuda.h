/// A GPU as a device: the context every operation of the CUDA backend takes first.
///
/// One for each rank, on the GPU of its local rank. Operations are queued on its stream and use memory of its arena
/// while they run there; nothing else is allocated in a step.
#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include "tensor/cpu.h"

namespace gigahop {

/// Throws Error{kDevice} that names the device, the call and CUDA's reason, unless the call succeeded.
void cuda_check(cudaError_t error, const char* call, std::source_location where = std::source_location::current());
void cuda_check(cublasStatus_t status, const char* call, std::source_location where = std::source_location::current());

/// The device of the rank with this number among those of its host.
///
/// Errors Error{kDevice}: no usable device, or fewer than ranks on this host
int device_of_local_rank(int local_rank);

/// How many this process can use; 0 without a driver.
int num_devices();

struct MemoryOfDevice {
  int64_t free_bytes = 0;
  int64_t total_bytes = 0;  // taken or free
};

/// Makes it the device of this process.
///
/// Errors Error{kDevice}
MemoryOfDevice memory_of_device(int device);

/// What errors of memory that does not suffice end with from now on, in this process: what was forecast, what to do.
void explain_out_of_memory(std::string hint);

/// One plain allocation of device memory. Empty for 0 bytes.
class CudaMemory {
 public:
  CudaMemory() = default;
  /// Errors Error{kDevice} with the bytes asked for and those that are free
  explicit CudaMemory(int64_t bytes);
  char* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(char* data) const { cudaFree(data); }
  };
  std::unique_ptr<char, Free> data_;
};

/// One plain allocation of host memory that copies to and from the device reach while the host goes on. Empty for 0
/// bytes.
class PinnedMemory {
 public:
  PinnedMemory() = default;
  /// Errors Error{kDevice}
  explicit PinnedMemory(int64_t bytes);
  char* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(char* data) const { cudaFreeHost(data); }
  };
  std::unique_ptr<char, Free> data_;
};

/// Memory that operations take while they run: from one allocation, in the order of a stack.
class CudaArena {
 public:
  explicit CudaArena(int64_t bytes) : memory_(bytes), capacity_(bytes) {}
  /// Errors Error{kDevice} if less than `bytes` is left
  char* take(int64_t bytes);
  int64_t used() const { return used_; }
  int64_t left() const { return capacity_ - used_; }
  void give_back_to(int64_t used) { used_ = used; }

 private:
  CudaMemory memory_;
  int64_t capacity_;
  int64_t used_ = 0;
};

/// A point in the work of a stream that another stream, or the host, can wait for.
class CudaEvent {
 public:
  /// Errors Error{kDevice}, like all that follows
  CudaEvent();
  void record(cudaStream_t stream);
  /// What is queued on the stream from now on comes after the last record, if there was one.
  void hold(cudaStream_t stream) const;
  void wait() const;

 private:
  struct Close {
    void operator()(cudaEvent_t event) const { cudaEventDestroy(event); }
  };
  std::unique_ptr<CUevent_st, Close> event_;
};

struct CudaOptions {
  int device = 0;
  Precision precision = Precision::kFloat32;
  int64_t scratch_bytes = int64_t{1} << 30;
  int64_t product_workspace_bytes = int64_t{32} << 20;  // what cuBLAS recommends for the newest architectures
};

struct Cuda {
  /// Errors Error{kDevice}
  explicit Cuda(const CudaOptions& options);

  int device;
  /// As Cpu::precision.
  Precision precision;
  /// Not measured: products run beside the host.
  double product_seconds = 0;
  struct CloseStream {
    void operator()(cudaStream_t stream) const { cudaStreamDestroy(stream); }
  };
  using Stream = std::unique_ptr<CUstream_st, CloseStream>;
  Stream stream;
  Stream copy_stream;           // batches on their way to the device
  Stream communication_stream;  // sums of gradients, beside the backward pass; rows between devices
  struct CloseProducts {
    void operator()(cublasLtHandle_t products) const { cublasLtDestroy(products); }
  };
  std::unique_ptr<cublasLtContext, CloseProducts> products;
  CudaMemory product_workspace;
  int64_t product_workspace_bytes;
  CudaArena scratch;
};

/// Scratch memory of one operation, given back at the end of the scope. The next operation may take it at once: it is
/// queued behind on the same stream.
class CudaScratch {
 public:
  explicit CudaScratch(Cuda& dev) : arena_(dev.scratch), used_(dev.scratch.used()) {}
  ~CudaScratch() { arena_.give_back_to(used_); }
  CudaScratch(const CudaScratch&) = delete;
  CudaScratch& operator=(const CudaScratch&) = delete;

  /// [count], not initialised.
  template <class T>
  T* take(int64_t count) {
    return reinterpret_cast<T*>(arena_.take(count * static_cast<int64_t>(sizeof(T))));
  }

 private:
  CudaArena& arena_;
  int64_t used_;
};

/// Operations in its scope are queued on the communication stream. Not such that take scratch memory: that belongs to
/// the device's stream.
class OnCommunicationStream {
 public:
  explicit OnCommunicationStream(Cuda& dev) : dev_(dev) { std::swap(dev_.stream, dev_.communication_stream); }
  ~OnCommunicationStream() { std::swap(dev_.stream, dev_.communication_stream); }
  OnCommunicationStream(const OnCommunicationStream&) = delete;
  OnCommunicationStream& operator=(const OnCommunicationStream&) = delete;

 private:
  Cuda& dev_;
};

/// Until everything queued is done. Errors Error{kDevice}: what an operation queued before met
void synchronise(Cuda& dev);

}  // namespace gigahop
