/// Softmax, argmax and cross-entropy: a warp for each row.
#include "ops/cross_entropy.h"

#include "base/error.h"
#include "ops/cuda/column_sums.cuh"
#include "ops/cuda/largest.cuh"
#include "ops/cuda/launch.cuh"
#include "ops/cuda/softmax_row.cuh"
#include "ops/softmax.h"

namespace gigahop::ops {
namespace {

inline __device__ float sum_of_exponentials(const float* x, float largest, int64_t n) {
  float sum = 0;
  for (int64_t c = threadIdx.x; c < n; c += cuda::kWarp) sum += expf(x[c] - largest);
  return cuda::warp_sum(sum);
}

__global__ void softmax(In<Cuda> x, Out<Cuda> y) {
  const int64_t r = cuda::row_of_warp();
  if (r >= x.rows) return;
  cuda::softmax_row(
      x.cols, [&](int64_t c) { return x.row(r)[c]; }, [&](int64_t c, float weight) { y.row(r)[c] = weight; });
}

__global__ void argmax(In<Cuda> x, int32_t* index) {
  const int64_t r = cuda::row_of_warp();
  if (r >= x.rows) return;
  const cuda::Largest best = cuda::largest_of(x.cols, [&](int64_t c) { return x.row(r)[c]; });
  if (threadIdx.x == 0) index[r] = best.index;
}

/// What a row adds to the result.
struct RowLoss {
  double loss;
  double correct;  // 1 or 0
  double refused;  // 1 where the label is out of range, else 0
};

__global__ void row_losses(In<Cuda> logits, const int32_t* __restrict__ labels, float scale, RowLoss* losses,
                           Out<Cuda> dlogits) {
  const int64_t r = cuda::row_of_warp();
  if (r >= logits.rows) return;
  const int32_t label = labels[r];
  if (label < 0 || label >= logits.cols) {
    if (threadIdx.x == 0) losses[r] = {0, 0, 1};
    return;
  }
  const float* row = logits.row(r);
  const cuda::Largest best = cuda::largest_of(logits.cols, [&](int64_t c) { return row[c]; });
  const float sum = sum_of_exponentials(row, best.value, logits.cols);
  if (threadIdx.x == 0) {
    const double below_best = static_cast<double>(best.value) - static_cast<double>(row[label]);
    losses[r] = {log(static_cast<double>(sum)) + below_best, best.index == label ? 1.0 : 0.0, 0};
  }
  __syncwarp();  // before dlogits, which may be the logits
  if (dlogits.rows == 0) return;
  for (int64_t c = threadIdx.x; c < logits.cols; c += cuda::kWarp) {
    dlogits.row(r)[c] = expf(row[c] - best.value) * (scale / sum) - (c == label ? scale : 0.0F);
  }
}

struct Losses {
  const RowLoss* losses;
  __device__ void operator()(int64_t r, int64_t, double* terms) const {
    terms[0] = losses[r].loss;
    terms[1] = losses[r].correct;
    terms[2] = losses[r].refused;
  }
};

}  // namespace

template <>
void softmax_rows<Cuda>(Cuda& dev, In<Cuda> x, Out<Cuda> y) {
  require(x.rows == y.rows && x.cols == y.cols && (x.cols > 0 || x.rows == 0), "softmax_rows: extents agree");
  cuda::launch(dev, cuda::one_warp_each(x.rows), softmax, x, y);
}

template <>
void argmax_rows<Cuda>(Cuda& dev, In<Cuda> x, VectorOf<Cuda, int32_t> index) {
  require(index.size == x.rows && (x.cols > 0 || x.rows == 0), "argmax_rows: extents agree");
  cuda::launch(dev, cuda::one_warp_each(x.rows), argmax, x, index.data);
}

template <>
void cross_entropy<Cuda>(Cuda& dev, In<Cuda> logits, VectorOf<Cuda, const int32_t> labels, double scale,
                         Out<Cuda> dlogits, VectorOf<Cuda, CrossEntropy> result) {
  require(labels.size == logits.rows, "cross_entropy: one label for each row");
  require(dlogits.size() == 0 || (dlogits.rows == logits.rows && dlogits.cols == logits.cols),
          "cross_entropy: the gradient has the extents of the logits");
  CudaScratch scratch(dev);
  auto* losses = scratch.take<RowLoss>(logits.rows);
  cuda::launch(dev, cuda::one_warp_each(logits.rows), row_losses, logits, labels.data, static_cast<float>(scale),
               losses, dlogits);
  cuda::sum_columns<3>(dev, logits.rows, 1, Losses{losses},
                       cuda::StoreDoubles<3>{{&result[0].loss_sum, &result[0].num_correct, &result[0].num_refused}});
}

}  // namespace gigahop::ops
