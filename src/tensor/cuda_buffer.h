/// Device memory that a Matrix owns, and copies to and from it.
#pragma once

#include <span>
#include <utility>

#include "tensor/cuda.h"
#include "tensor/host_copy.h"
#include "tensor/matrix.h"

namespace gigahop {

template <class T>
class Buffer<T, Cuda> {
 public:
  Buffer() = default;
  explicit Buffer(int64_t size) { resize(size); }

  /// Contents are lost when the capacity grows. Waits for the device when it grows.
  void resize(int64_t size) {
    if (size > capacity_) {
      memory_ = {};
      memory_ = CudaMemory(size * static_cast<int64_t>(sizeof(T)));
      capacity_ = size;
    }
    size_ = size;
  }

  T* data() { return reinterpret_cast<T*>(memory_.data()); }
  const T* data() const { return reinterpret_cast<const T*>(memory_.data()); }
  int64_t size() const { return size_; }

 private:
  CudaMemory memory_;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

/// Copies behind what is queued on the device's stream; returns when the copy is done.
template <class T>
void copy_to_device(Cuda& dev, std::span<const T> source, T* target) {
  cuda_check(cudaMemcpyAsync(target, source.data(), source.size_bytes(), cudaMemcpyHostToDevice, dev.stream.get()),
             "cudaMemcpyAsync");
  synchronise(dev);
}

template <class T>
void copy_to_host(Cuda& dev, const T* source, std::span<T> target) {
  cuda_check(cudaMemcpyAsync(target.data(), source, target.size_bytes(), cudaMemcpyDeviceToHost, dev.stream.get()),
             "cudaMemcpyAsync");
  synchronise(dev);
}

template <class T>
class ReadBack<T, Cuda> {
 public:
  T* on_device() { return reinterpret_cast<T*>(memory_.data()); }
  void queue_read(Cuda& dev) {
    cuda_check(cudaMemcpyAsync(arrived_.data(), memory_.data(), sizeof(T), cudaMemcpyDeviceToHost, dev.stream.get()),
               "cudaMemcpyAsync");
  }
  const T& value() const { return *reinterpret_cast<const T*>(arrived_.data()); }

 private:
  CudaMemory memory_{sizeof(T)};
  PinnedMemory arrived_{sizeof(T)};
};

/// Queued on the device's stream.
template <class T>
void set_to_zero(Cuda& dev, VectorView<T, Cuda> values) {
  cuda_check(cudaMemsetAsync(values.data, 0, static_cast<size_t>(values.size) * sizeof(T), dev.stream.get()),
             "cudaMemsetAsync");
}

}  // namespace gigahop
