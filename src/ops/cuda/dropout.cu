/// Dropout: a warp for each row, a draw for every four elements.
#include "ops/dropout.h"

#include "base/error.h"
#include "ops/cuda/launch.cuh"
#include "ops/cuda/random.cuh"

namespace gigahop::ops {
namespace {

enum class Before { kNothing, kRelu };

template <Before kBefore>
__global__ void drop(In<Cuda> x, cuda::Mask mask, const OriginalId* __restrict__ ids, int64_t rows_per_id,
                     Out<Cuda> y) {
  const int64_t r = cuda::row_of_warp();
  if (r >= x.rows) return;
  const OriginalId id = ids[r / rows_per_id];
  float factors[4];
  cuda::for_each_draw(
      static_cast<uint32_t>(r % rows_per_id * x.cols), x.cols, static_cast<int>(threadIdx.x),
      [&](uint32_t group) { cuda::draw_factors(mask, id, group, factors); },
      [&](int64_t c, int j) {
        const float value = x.row(r)[c];
        const bool passes = factors[j] > 0 && (kBefore == Before::kNothing || value > 0);
        y.row(r)[c] = passes ? value * factors[j] : 0.0F;
      });
}

__global__ void pass_where_positive(In<Cuda> dy, In<Cuda> y, float factor, Out<Cuda> dx) {
  const int64_t r = cuda::row_of_warp();
  if (r >= y.rows) return;
  for (int64_t c = threadIdx.x; c < y.cols; c += cuda::kWarp) {
    dx.row(r)[c] = y.row(r)[c] > 0 ? dy.row(r)[c] * factor : 0.0F;
  }
}

void check(In<Cuda> x, const Dropout& dropout, VectorOf<Cuda, const OriginalId> ids, int64_t rows_per_id, Out<Cuda> y) {
  require(x.rows == ids.size * rows_per_id && x.rows == y.rows && x.cols == y.cols, "dropout: extents agree");
  require(dropout.probability >= 0 && dropout.probability < 1, "dropout: the probability is in [0, 1)");
}

}  // namespace

template <>
void drop_rows<Cuda>(Cuda& dev, In<Cuda> x, const Dropout& dropout, VectorOf<Cuda, const OriginalId> ids,
                     int64_t rows_per_id, Out<Cuda> y) {
  check(x, dropout, ids, rows_per_id, y);
  cuda::launch(dev, cuda::one_warp_each(x.rows), drop<Before::kNothing>, x, cuda::mask_of(dropout), ids.data,
               rows_per_id, y);
}

template <>
void relu_drop_rows<Cuda>(Cuda& dev, In<Cuda> x, const Dropout& dropout, VectorOf<Cuda, const OriginalId> ids,
                          int64_t rows_per_id, Out<Cuda> y) {
  check(x, dropout, ids, rows_per_id, y);
  cuda::launch(dev, cuda::one_warp_each(x.rows), drop<Before::kRelu>, x, cuda::mask_of(dropout), ids.data, rows_per_id,
               y);
}

template <>
void relu_drop_rows_backward<Cuda>(Cuda& dev, In<Cuda> dy, In<Cuda> y, double probability, Out<Cuda> dx) {
  require(dy.rows == y.rows && dy.cols == y.cols && dx.rows == y.rows && dx.cols == y.cols,
          "relu_drop_rows_backward: extents agree");
  cuda::launch(dev, cuda::one_warp_each(y.rows), pass_where_positive, dy, y,
               static_cast<float>(dropout_scale(probability)), dx);
}

}  // namespace gigahop::ops
