/// Flat vectors: a thread for each element, sums of squares in double over fixed blocks.
#include "ops/vector.h"

#include "base/error.h"
#include "ops/convert.h"
#include "ops/cuda/column_sums.cuh"
#include "ops/cuda/launch.cuh"
#include "ops/cuda/widen.cuh"

namespace gigahop::ops {
namespace {

__global__ void multiply(float factor, float* x, int64_t n) {
  const int64_t i = cuda::element_of_thread();
  if (i < n) x[i] *= factor;
}

__global__ void add_to(const float* __restrict__ x, float* y, int64_t n) {
  const int64_t i = cuda::element_of_thread();
  if (i < n) y[i] += x[i];
}

template <class Half>
__global__ void widen_all(const Half* __restrict__ x, float* y, int64_t n) {
  const int64_t i = cuda::element_of_thread();
  if (i < n) y[i] = cuda::widen(x[i]);
}

/// x as [n, 1].
struct Squares {
  const float* x;
  __device__ void operator()(int64_t r, int64_t, double* terms) const {
    const auto value = static_cast<double>(x[r]);
    terms[0] = value * value;
  }
};

}  // namespace

template <>
void sum_of_squares<Cuda>(Cuda& dev, InVector<Cuda> x, VectorOf<Cuda, double> sum) {
  cuda::sum_columns<1>(dev, x.size, 1, Squares{x.data}, cuda::StoreDoubles<1>{{sum.data}});
}

template <>
void scale<Cuda>(Cuda& dev, double factor, OutVector<Cuda> x) {
  cuda::launch(dev, cuda::one_thread_each(x.size), multiply, static_cast<float>(factor), x.data, x.size);
}

template <>
void add<Cuda>(Cuda& dev, InVector<Cuda> x, OutVector<Cuda> y) {
  require(x.size == y.size, "add: extents agree");
  cuda::launch(dev, cuda::one_thread_each(x.size), add_to, x.data, y.data, x.size);
}

template <>
void convert<Cuda>(Cuda& dev, VectorOf<Cuda, const Float16> x, OutVector<Cuda> y) {
  require(x.size == y.size, "convert: extents agree");
  cuda::launch(dev, cuda::one_thread_each(x.size), widen_all<Float16>, x.data, y.data, x.size);
}

template <>
void convert<Cuda>(Cuda& dev, VectorOf<Cuda, const BFloat16> x, OutVector<Cuda> y) {
  require(x.size == y.size, "convert: extents agree");
  cuda::launch(dev, cuda::one_thread_each(x.size), widen_all<BFloat16>, x.data, y.data, x.size);
}

}  // namespace gigahop::ops
