/// Views of memory that carry their device in the type, and the matrices that own such memory.
///
/// A view of one device given to an operation of another does not compile. A view never owns; const T = read-only.
/// What is constexpr here also runs in kernels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>

#include "base/error.h"
#include "tensor/cpu.h"

namespace gigahop {

/// [rows, cols], row r starts at data + r * stride.
template <class T, class Device = Cpu>
struct MatrixView {
  T* data = nullptr;
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t stride = 0;

  MatrixView() = default;
  constexpr MatrixView(T* first, int64_t num_rows, int64_t num_cols)
      : data(first), rows(num_rows), cols(num_cols), stride(num_cols) {}
  constexpr MatrixView(T* first, int64_t num_rows, int64_t num_cols, int64_t row_stride)
      : data(first), rows(num_rows), cols(num_cols), stride(row_stride) {}

  constexpr operator MatrixView<const T, Device>() const { return {data, rows, cols, stride}; }

  constexpr T* row(int64_t r) const { return data + r * stride; }
  constexpr int64_t size() const { return rows * cols; }
  /// Columns [first, first + count).
  constexpr MatrixView columns(int64_t first, int64_t count) const { return {data + first, rows, count, stride}; }
  constexpr MatrixView row_range(int64_t first, int64_t count) const { return {row(first), count, cols, stride}; }
};

/// [size]
template <class T, class Device = Cpu>
struct VectorView {
  T* data = nullptr;
  int64_t size = 0;

  VectorView() = default;
  constexpr VectorView(T* first, int64_t count) : data(first), size(count) {}

  constexpr operator VectorView<const T, Device>() const { return {data, size}; }
  constexpr T& operator[](int64_t i) const { return data[i]; }
};

/// Memory of a device: allocated once, 64-byte aligned, not initialised, never shrinks on resize.
template <class T, class Device = Cpu>
class Buffer;

template <class T>
class Buffer<T, Cpu> {
 public:
  Buffer() = default;
  explicit Buffer(int64_t size) { resize(size); }
  ~Buffer() { release(); }
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  /// Contents are lost when the capacity grows.
  void resize(int64_t size) {
    if (size > capacity_) {
      release();
      data_ = static_cast<T*>(::operator new(static_cast<size_t>(size) * sizeof(T), kAlignment));
      capacity_ = size;
    }
    size_ = size;
  }
  void fill(T value) { std::fill_n(data_, size_, value); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  int64_t size() const { return size_; }
  std::span<T> span() { return {data_, static_cast<size_t>(size_)}; }
  std::span<const T> span() const { return {data_, static_cast<size_t>(size_)}; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  void release() {
    if (data_ != nullptr) ::operator delete(data_, kAlignment);
    data_ = nullptr;
    capacity_ = 0;
  }

  T* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

/// An owning row-major matrix without padding.
template <class T, class Device = Cpu>
class Matrix {
 public:
  Matrix() = default;
  Matrix(int64_t rows, int64_t cols) { resize(rows, cols); }

  void resize(int64_t rows, int64_t cols) {
    rows_ = rows;
    cols_ = cols;
    buffer_.resize(rows * cols);
  }
  void fill(T value) { buffer_.fill(value); }

  MatrixView<T, Device> view() { return {buffer_.data(), rows_, cols_}; }
  MatrixView<const T, Device> view() const { return {buffer_.data(), rows_, cols_}; }
  operator MatrixView<T, Device>() { return view(); }
  operator MatrixView<const T, Device>() const { return view(); }

  T* data() { return buffer_.data(); }
  const T* data() const { return buffer_.data(); }
  T* row(int64_t r) { return buffer_.data() + r * cols_; }
  const T* row(int64_t r) const { return buffer_.data() + r * cols_; }
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }

 private:
  Buffer<T, Device> buffer_;
  int64_t rows_ = 0;
  int64_t cols_ = 0;
};

}  // namespace gigahop
