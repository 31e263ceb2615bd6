/// Copies between host memory and that of a device, for code that is a template on its device. On devices whose memory
/// is the host's they are plain; tensor/cuda_buffer.h has those of CUDA.
#pragma once

#include <algorithm>
#include <span>
#include <type_traits>
#include <vector>

#include "tensor/matrix.h"

namespace gigahop {

/// Behind what is queued on the device's stream; return when the copy is done.
template <class T, class Device>
void copy_to_device(Device&, std::span<const T> source, T* target) {
  std::ranges::copy(source, target);
}

template <class T, class Device>
void copy_to_host(Device&, const T* source, std::span<T> target) {
  std::copy_n(source, target.size(), target.begin());
}

template <class T, class Device>
void set_to_zero(Device&, VectorView<T, Device> values) {
  std::fill_n(values.data, values.size, T{0});
}

template <class T, class Device>
std::vector<std::remove_const_t<T>> host_copy(Device& dev, VectorView<T, Device> values) {
  using Value = std::remove_const_t<T>;
  std::vector<Value> copy(static_cast<size_t>(values.size));
  copy_to_host<Value>(dev, values.data, copy);
  return copy;
}

/// Of rows without gaps.
template <class T, class Device>
Matrix<std::remove_const_t<T>> host_copy(Device& dev, MatrixView<T, Device> rows) {
  require(rows.stride == rows.cols, "host_copy: rows without gaps");
  Matrix<std::remove_const_t<T>> copy(rows.rows, rows.cols);
  copy_to_host<std::remove_const_t<T>>(dev, rows.data, std::span(copy.data(), static_cast<size_t>(rows.size())));
  return copy;
}

/// A value that operations write where the device has it and the host reads later, once the device is done with what
/// was queued until queue_read(): so one wait of a step brings all of its results.
template <class T, class Device>
class ReadBack {
 public:
  T* on_device() { return &value_; }
  /// Behind what is queued on the device's stream.
  void queue_read(Device&) {}
  const T& value() const { return value_; }

 private:
  T value_ = {};
};

}  // namespace gigahop
