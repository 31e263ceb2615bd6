/// What the tests of operations share: the same numbers on every device, and the comparisons each operation must pass.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "ops/device_memory.h"
#include "ops/tolerances.h"
#include "tensor/arguments.h"

namespace gigahop::ops {

/// The results of one run, each array as doubles (exact for floats).
using Arrays = std::vector<std::vector<double>>;

template <class Device>
using DeviceMatrix = Matrix<Real<Device>, Device>;

/// Normal numbers times `deviation`, rounded to float32 on every device. `tag` tells arrays apart.
template <class Device>
DeviceMatrix<Device> random_matrix(int64_t rows, int64_t cols, uint64_t tag, float deviation = 1) {
  std::vector<Real<Device>> values;
  for (int64_t i = 0; i < rows * cols; ++i) {
    const RandomWords words = random_words({1}, Purpose::kTest, tag, static_cast<uint64_t>(i), 0);
    values.push_back(to_normal(words[0], words[1]) * deviation);
  }
  return matrix_of<Device>(rows, cols, values);
}

template <class Device>
DeviceMatrix<Device> filled(int64_t rows, int64_t cols, double value) {
  return matrix_of<Device>(rows, cols, std::vector(rows * cols, static_cast<Real<Device>>(value)));
}

template <class Device>
InVector<Device> as_vector(const Matrix<Real<Device>, Device>& matrix) {
  return {matrix.data(), matrix.rows() * matrix.cols()};
}

template <class T, class Device>
VectorView<T, Device> as_vector(Matrix<T, Device>& matrix) {
  return {matrix.data(), matrix.rows() * matrix.cols()};
}

template <class T, class Device>
std::vector<double> values_of(const Matrix<T, Device>& matrix) {
  const std::vector<T> values = host_values(matrix);
  return {values.begin(), values.end()};
}

inline void expect_close(const std::vector<double>& found, const std::vector<double>& expected, Tolerance tolerance,
                         const std::string& what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  double largest = 0;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], tolerance.absolute + tolerance.relative * largest) << what << ", element " << i;
  }
}

inline void expect_close(const Arrays& found, const Arrays& expected, Tolerance tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    expect_close(found[i], expected[i], tolerance, "array " + std::to_string(i));
  }
}

/// run(dev) -> Arrays: on the CPU close to the reference, and the same bits for 1, 2 and 3 threads. On CUDA, where the
/// test is built for it, close to the reference, and the same bits again. GIGAHOP_TEST_CUDA_ALONE leaves out the CPU
/// and the repetition, for sanitizers that are slow.
template <class Run>
void expect_as_reference(Tolerance tolerance, const Run& run, Precision precision = Precision::kFloat32) {
  Reference reference;
  const Arrays expected = run(reference);
#if !defined(GIGAHOP_TEST_CUDA_ALONE)
  Cpu one{.num_threads = 1, .precision = precision};
  const Arrays found = run(one);
  expect_close(found, expected, tolerance);
  for (const int num_threads : {2, 3}) {
    Cpu dev{.num_threads = num_threads, .precision = precision};
    EXPECT_EQ(run(dev), found) << num_threads << " threads";
  }
#endif
#if defined(GIGAHOP_TEST_CUDA)
  SCOPED_TRACE("CUDA");
  Cuda& dev = test_cuda();
  dev.precision = precision;
  spoil_scratch(dev);
  const Arrays on_cuda = run(dev);
  expect_close(on_cuda, expected, tolerance);
#if !defined(GIGAHOP_TEST_CUDA_ALONE)
  EXPECT_EQ(run(dev), on_cuda) << "once more";
#endif
#endif
}

/// check(dev) for the CPU, and for CUDA where the test is built for it.
template <class Check>
void on_each_device(const Check& check) {
  Cpu cpu;
  check(cpu);
#if defined(GIGAHOP_TEST_CUDA)
  SCOPED_TRACE("CUDA");
  test_cuda().precision = Precision::kFloat32;
  check(test_cuda());
#endif
}

/// The gradient of loss() by `values`, by central differences.
template <class Loss>
std::vector<double> central_differences(std::span<double> values, const Loss& loss) {
  constexpr double kStep = 1e-5;
  std::vector<double> gradient;
  for (double& value : values) {
    const double before = value;
    value = before + kStep;
    const double above = loss();
    value = before - kStep;
    const double below = loss();
    value = before;
    gradient.push_back((above - below) / (2 * kStep));
  }
  return gradient;
}

template <class Loss>
void expect_gradient(const Matrix<double, Reference>& gradient, Matrix<double, Reference>& values, const Loss& loss,
                     const std::string& what) {
  const size_t size = static_cast<size_t>(values.rows() * values.cols());
  expect_close(values_of(gradient), central_differences({values.data(), size}, loss), kDifferences, what);
}

/// A loss that makes `weights` the gradient of `output`.
inline double weighted_sum(const Matrix<double, Reference>& output, const Matrix<double, Reference>& weights) {
  double sum = 0;
  for (int64_t i = 0; i < output.rows() * output.cols(); ++i) sum += output.data()[i] * weights.data()[i];
  return sum;
}

}  // namespace gigahop::ops
