/// How tests of operations get numbers into the memory of a device and back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "tensor/host_copy.h"
#include "tensor/matrix.h"
#include "tensor/reference.h"

#if defined(GIGAHOP_TEST_CUDA)
#include "tensor/cuda_buffer.h"
#endif

namespace gigahop::ops {

/// Devices whose memory is the host's.
template <class Device>
struct Transfer {
  template <class T>
  static void in(const std::vector<T>& source, T* target) {
    std::copy(source.begin(), source.end(), target);
  }
  template <class T>
  static void out(const T* source, std::vector<T>& target) {
    std::copy_n(source, target.size(), target.begin());
  }
};

#if defined(GIGAHOP_TEST_CUDA)
/// The one context of the tests of a process.
inline Cuda& test_cuda() {
  static Cuda dev(CudaOptions{.scratch_bytes = int64_t{8} << 20, .product_workspace_bytes = int64_t{1} << 20});
  return dev;
}

/// Fills the memory that operations take with NaN.
inline void spoil_scratch(Cuda& dev) {
  CudaScratch scratch(dev);
  const int64_t bytes = dev.scratch.left();
  cuda_check(cudaMemsetAsync(scratch.take<char>(bytes), 0xff, static_cast<size_t>(bytes), dev.stream.get()),
             "cudaMemsetAsync");
}

template <>
struct Transfer<Cuda> {
  template <class T>
  static void in(const std::vector<T>& source, T* target) {
    copy_to_device<T>(test_cuda(), source, target);
  }
  template <class T>
  static void out(const T* source, std::vector<T>& target) {
    copy_to_host<T>(test_cuda(), source, target);
  }
};
#endif

/// values: row-major, [rows * cols]
template <class Device, class T>
Matrix<T, Device> matrix_of(int64_t rows, int64_t cols, const std::vector<T>& values) {
  Matrix<T, Device> matrix(rows, cols);
  Transfer<Device>::in(values, matrix.data());
  return matrix;
}

template <class T, class Device>
std::vector<T> host_values(const Matrix<T, Device>& matrix) {
  std::vector<T> values(matrix.rows() * matrix.cols());
  Transfer<Device>::out(matrix.data(), values);
  return values;
}

template <class Device, class T>
T read(Device& dev, ReadBack<T, Device>& result) {
  result.queue_read(dev);
#if defined(GIGAHOP_TEST_CUDA)
  if constexpr (std::is_same_v<Device, Cuda>) synchronise(dev);
#endif
  return result.value();
}

/// A copy of a host vector on a device, for as long as it lives.
template <class Device, class T>
class DeviceVector {
 public:
  explicit DeviceVector(const std::vector<T>& values)
      : matrix_(matrix_of<Device>(1, static_cast<int64_t>(values.size()), values)) {}
  operator VectorView<const T, Device>() const { return {matrix_.data(), matrix_.cols()}; }

 private:
  Matrix<T, Device> matrix_;
};

template <class Device, class T>
DeviceVector<Device, T> on_device(const std::vector<T>& values) {
  return DeviceVector<Device, T>(values);
}

}  // namespace gigahop::ops
