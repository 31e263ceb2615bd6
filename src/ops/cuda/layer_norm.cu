/// Layer norm: a warp for each row, two passes over the row for its statistics.
#include "ops/layer_norm.h"

#include "base/error.h"
#include "ops/cuda/column_sums.cuh"
#include "ops/cuda/launch.cuh"
#include "ops/cuda/row_statistics.cuh"

namespace gigahop::ops {
namespace {

using cuda::RowStatistics;

__global__ void normalise(In<Cuda> x, InVector<Cuda> gain, InVector<Cuda> shift, Out<Cuda> y) {
  const int64_t r = cuda::row_of_warp();
  if (r >= x.rows) return;
  const RowStatistics row = cuda::row_statistics(x.row(r), x.cols);
  for (int64_t c = threadIdx.x; c < x.cols; c += cuda::kWarp) {
    y.row(r)[c] = (x.row(r)[c] - row.mean) * row.inverse_deviation * gain[c] + shift[c];
  }
}

__global__ void find_statistics(In<Cuda> x, RowStatistics* statistics) {
  const int64_t r = cuda::row_of_warp();
  if (r >= x.rows) return;
  const RowStatistics row = cuda::row_statistics(x.row(r), x.cols);
  if (threadIdx.x == 0) statistics[r] = row;
}

/// Of dgain and dshift.
struct ParameterTerms {
  In<Cuda> x;
  In<Cuda> dy;
  const RowStatistics* statistics;
  __device__ void operator()(int64_t r, int64_t c, double* terms) const {
    const RowStatistics row = statistics[r];
    const float gradient = dy.row(r)[c];
    terms[0] = static_cast<double>(gradient * ((x.row(r)[c] - row.mean) * row.inverse_deviation));
    terms[1] = static_cast<double>(gradient);
  }
};

__global__ void backward(In<Cuda> x, InVector<Cuda> gain, In<Cuda> dy, const RowStatistics* statistics, Out<Cuda> dx) {
  const int64_t r = cuda::row_of_warp();
  if (r >= x.rows) return;
  const RowStatistics row = statistics[r];
  float mean = 0;
  float mean_with_x = 0;
  for (int64_t c = threadIdx.x; c < x.cols; c += cuda::kWarp) {
    const float scaled = dy.row(r)[c] * gain[c];
    mean += scaled;
    mean_with_x += scaled * ((x.row(r)[c] - row.mean) * row.inverse_deviation);
  }
  mean = cuda::warp_sum(mean) / static_cast<float>(x.cols);
  mean_with_x = cuda::warp_sum(mean_with_x) / static_cast<float>(x.cols);
  for (int64_t c = threadIdx.x; c < x.cols; c += cuda::kWarp) {
    const float normal = (x.row(r)[c] - row.mean) * row.inverse_deviation;
    dx.row(r)[c] = row.inverse_deviation * (dy.row(r)[c] * gain[c] - mean - normal * mean_with_x);
  }
}

}  // namespace

template <>
void layer_norm<Cuda>(Cuda& dev, In<Cuda> x, InVector<Cuda> gain, InVector<Cuda> shift, Out<Cuda> y) {
  require(x.rows == y.rows && x.cols == y.cols && gain.size == x.cols && shift.size == x.cols,
          "layer_norm: extents agree");
  cuda::launch(dev, cuda::one_warp_each(x.rows), normalise, x, gain, shift, y);
}

template <>
void layer_norm_backward<Cuda>(Cuda& dev, In<Cuda> x, InVector<Cuda> gain, In<Cuda> dy, Out<Cuda> dx,
                               OutVector<Cuda> dgain, OutVector<Cuda> dshift) {
  require(x.rows == dy.rows && x.cols == dy.cols && x.rows == dx.rows && x.cols == dx.cols && gain.size == x.cols &&
              dgain.size == x.cols && dshift.size == x.cols,
          "layer_norm_backward: extents agree");
  CudaScratch scratch(dev);
  auto* statistics = scratch.take<RowStatistics>(x.rows);
  cuda::launch(dev, cuda::one_warp_each(x.rows), find_statistics, x, statistics);
  // Before dx, which may be dy or x.
  cuda::sum_columns<2>(dev, x.rows, x.cols, ParameterTerms{x, dy, statistics}, Write::kOverwrite,
                       cuda::FloatTargets<2>{{dgain.data, dshift.data}});
  cuda::launch(dev, cuda::one_warp_each(x.rows), backward, x, gain, dy, statistics, dx);
}

}  // namespace gigahop::ops
