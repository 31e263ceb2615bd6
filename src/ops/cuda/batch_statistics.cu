/// A thread for each column.
#include "ops/batch_statistics.h"

#include "base/error.h"
#include "ops/cuda/launch.cuh"
#include "ops/layer_norm.h"

namespace gigahop::ops {
namespace {

__global__ void divide(const double* __restrict__ sums, double rows, double* mean, int64_t width) {
  const int64_t c = cuda::element_of_thread();
  if (c < width) mean[c] = sums[c] / rows;
}

__global__ void finish(const double* __restrict__ mean, const double* __restrict__ square_sums, double rows,
                       double momentum, double* inverse_deviation, float* running_mean, float* running_variance,
                       int64_t width) {
  const int64_t c = cuda::element_of_thread();
  if (c >= width) return;
  inverse_deviation[c] = 1 / sqrt(square_sums[c] / rows + kNormEpsilon);
  const double unbiased = square_sums[c] / (rows - 1);
  running_mean[c] = static_cast<float>((1 - momentum) * static_cast<double>(running_mean[c]) + momentum * mean[c]);
  running_variance[c] =
      static_cast<float>((1 - momentum) * static_cast<double>(running_variance[c]) + momentum * unbiased);
}

__global__ void use_running(const float* __restrict__ running_mean, const float* __restrict__ running_variance,
                            double* mean, double* inverse_deviation, int64_t width) {
  const int64_t c = cuda::element_of_thread();
  if (c >= width) return;
  mean[c] = static_cast<double>(running_mean[c]);
  inverse_deviation[c] = 1 / sqrt(static_cast<double>(running_variance[c]) + kNormEpsilon);
}

__global__ void round_each(const double* __restrict__ sums, float* values, int64_t width) {
  const int64_t c = cuda::element_of_thread();
  if (c < width) values[c] = static_cast<float>(sums[c]);
}

}  // namespace

template <>
void mean_of_sums<Cuda>(Cuda& dev, VectorOf<Cuda, const double> sums, int64_t rows_all, VectorOf<Cuda, double> mean) {
  require(sums.size == mean.size && rows_all >= 1, "mean_of_sums: extents agree");
  cuda::launch(dev, cuda::one_thread_each(mean.size), divide, sums.data, static_cast<double>(rows_all), mean.data,
               mean.size);
}

template <>
void finish_statistics<Cuda>(Cuda& dev, VectorOf<Cuda, const double> mean, VectorOf<Cuda, const double> square_sums,
                             int64_t rows_all, double momentum, VectorOf<Cuda, double> inverse_deviation,
                             OutVector<Cuda> running_mean, OutVector<Cuda> running_variance) {
  require(square_sums.size == mean.size && inverse_deviation.size == mean.size && running_mean.size == mean.size &&
              running_variance.size == mean.size && rows_all >= 2,
          "finish_statistics: extents agree");
  cuda::launch(dev, cuda::one_thread_each(mean.size), finish, mean.data, square_sums.data,
               static_cast<double>(rows_all), momentum, inverse_deviation.data, running_mean.data,
               running_variance.data, mean.size);
}

template <>
void use_running_statistics<Cuda>(Cuda& dev, InVector<Cuda> running_mean, InVector<Cuda> running_variance,
                                  VectorOf<Cuda, double> mean, VectorOf<Cuda, double> inverse_deviation) {
  require(running_mean.size == mean.size && running_variance.size == mean.size && inverse_deviation.size == mean.size,
          "use_running_statistics: extents agree");
  cuda::launch(dev, cuda::one_thread_each(mean.size), use_running, running_mean.data, running_variance.data, mean.data,
               inverse_deviation.data, mean.size);
}

template <>
void round_sums<Cuda>(Cuda& dev, VectorOf<Cuda, const double> sums, OutVector<Cuda> values) {
  require(sums.size == values.size, "round_sums: extents agree");
  cuda::launch(dev, cuda::one_thread_each(sums.size), round_each, sums.data, values.data, sums.size);
}

}  // namespace gigahop::ops
