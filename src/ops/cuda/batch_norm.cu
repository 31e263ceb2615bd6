/// The local steps of batch norm: sums of columns, and a warp for each row.
#include "ops/batch_norm.h"

#include "base/error.h"
#include "ops/cuda/column_sums.cuh"
#include "ops/cuda/launch.cuh"

namespace gigahop::ops {
namespace {

struct Values {
  In<Cuda> x;
  __device__ void operator()(int64_t r, int64_t c, double* terms) const { terms[0] = static_cast<double>(x.row(r)[c]); }
};

struct CentredSquares {
  In<Cuda> x;
  const double* mean;
  __device__ void operator()(int64_t r, int64_t c, double* terms) const {
    const double centred = static_cast<double>(x.row(r)[c]) - mean[c];
    terms[0] = centred * centred;
  }
};

struct BackwardTerms {
  In<Cuda> x;
  const double* mean;
  const double* inverse_deviation;
  In<Cuda> dy;
  __device__ void operator()(int64_t r, int64_t c, double* terms) const {
    const auto gradient = static_cast<double>(dy.row(r)[c]);
    terms[0] = gradient;
    terms[1] = gradient * (static_cast<double>(x.row(r)[c]) - mean[c]) * inverse_deviation[c];
  }
};

__global__ void apply(In<Cuda> x, const double* __restrict__ mean, const double* __restrict__ inverse_deviation,
                      InVector<Cuda> gain, InVector<Cuda> shift, Out<Cuda> y) {
  const int64_t r = cuda::row_of_warp();
  if (r >= x.rows) return;
  for (int64_t c = threadIdx.x; c < x.cols; c += cuda::kWarp) {
    const auto normal = static_cast<float>((static_cast<double>(x.row(r)[c]) - mean[c]) * inverse_deviation[c]);
    y.row(r)[c] = gain.size == 0 ? normal : normal * gain[c] + shift[c];
  }
}

__global__ void backward(In<Cuda> x, const double* __restrict__ mean, const double* __restrict__ inverse_deviation,
                         InVector<Cuda> gain, In<Cuda> dy, const double* __restrict__ dy_sums,
                         const double* __restrict__ dy_x_sums, double rows_all, Out<Cuda> dx) {
  const int64_t r = cuda::row_of_warp();
  if (r >= x.rows) return;
  for (int64_t c = threadIdx.x; c < x.cols; c += cuda::kWarp) {
    const double normal = (static_cast<double>(x.row(r)[c]) - mean[c]) * inverse_deviation[c];
    const double factor = inverse_deviation[c] * (gain.size == 0 ? 1.0 : static_cast<double>(gain[c]));
    const double centred = static_cast<double>(dy.row(r)[c]) - dy_sums[c] / rows_all - normal * dy_x_sums[c] / rows_all;
    dx.row(r)[c] = static_cast<float>(factor * centred);
  }
}

}  // namespace

template <>
void column_sums<Cuda>(Cuda& dev, In<Cuda> x, VectorOf<Cuda, double> sums) {
  require(sums.size == x.cols, "column_sums: extents agree");
  cuda::sum_columns<1>(dev, x.rows, x.cols, Values{x}, cuda::StoreDoubles<1>{{sums.data}});
}

template <>
void centred_square_sums<Cuda>(Cuda& dev, In<Cuda> x, VectorOf<Cuda, const double> mean,
                               VectorOf<Cuda, double> square_sums) {
  require(mean.size == x.cols && square_sums.size == x.cols, "centred_square_sums: extents agree");
  cuda::sum_columns<1>(dev, x.rows, x.cols, CentredSquares{x, mean.data}, cuda::StoreDoubles<1>{{square_sums.data}});
}

template <>
void batch_norm_apply<Cuda>(Cuda& dev, In<Cuda> x, VectorOf<Cuda, const double> mean,
                            VectorOf<Cuda, const double> inverse_deviation, InVector<Cuda> gain, InVector<Cuda> shift,
                            Out<Cuda> y) {
  require(x.rows == y.rows && x.cols == y.cols && mean.size == x.cols && inverse_deviation.size == x.cols &&
              gain.size == shift.size && (gain.size == 0 || gain.size == x.cols),
          "batch_norm_apply: extents agree");
  cuda::launch(dev, cuda::one_warp_each(x.rows), apply, x, mean.data, inverse_deviation.data, gain, shift, y);
}

template <>
void batch_norm_backward_sums<Cuda>(Cuda& dev, In<Cuda> x, VectorOf<Cuda, const double> mean,
                                    VectorOf<Cuda, const double> inverse_deviation, In<Cuda> dy,
                                    VectorOf<Cuda, double> dy_sums, VectorOf<Cuda, double> dy_x_sums) {
  require(x.rows == dy.rows && x.cols == dy.cols && mean.size == x.cols && inverse_deviation.size == x.cols &&
              dy_sums.size == x.cols && dy_x_sums.size == x.cols,
          "batch_norm_backward_sums: extents agree");
  cuda::sum_columns<2>(dev, x.rows, x.cols, BackwardTerms{x, mean.data, inverse_deviation.data, dy},
                       cuda::StoreDoubles<2>{{dy_sums.data, dy_x_sums.data}});
}

template <>
void batch_norm_backward_apply<Cuda>(Cuda& dev, In<Cuda> x, VectorOf<Cuda, const double> mean,
                                     VectorOf<Cuda, const double> inverse_deviation, InVector<Cuda> gain, In<Cuda> dy,
                                     VectorOf<Cuda, const double> dy_sums, VectorOf<Cuda, const double> dy_x_sums,
                                     int64_t rows_all, Out<Cuda> dx) {
  require(x.rows == dy.rows && x.cols == dy.cols && x.rows == dx.rows && x.cols == dx.cols && mean.size == x.cols &&
              inverse_deviation.size == x.cols && dy_sums.size == x.cols && dy_x_sums.size == x.cols &&
              (gain.size == 0 || gain.size == x.cols),
          "batch_norm_backward_apply: extents agree");
  cuda::launch(dev, cuda::one_warp_each(x.rows), backward, x, mean.data, inverse_deviation.data, gain, dy, dy_sums.data,
               dy_x_sums.data, static_cast<double>(rows_all), dx);
}

}  // namespace gigahop::ops
