/// Moving rows: a warp for each, its lanes along the columns.
#include "ops/rows.h"

#include "base/error.h"
#include "ops/cuda/grouped_rows.h"
#include "ops/cuda/launch.cuh"

namespace gigahop::ops {
namespace {

__global__ void gather(In<Cuda> x, const int32_t* __restrict__ index, Out<Cuda> y) {
  const int64_t r = cuda::row_of_warp();
  if (r >= y.rows) return;
  const float* source = x.row(index[r]);
  for (int64_t c = threadIdx.x; c < y.cols; c += cuda::kWarp) y.row(r)[c] = source[c];
}

__global__ void copy(In<Cuda> x, Out<Cuda> y) {
  const int64_t r = cuda::row_of_warp();
  if (r >= y.rows) return;
  for (int64_t c = threadIdx.x; c < y.cols; c += cuda::kWarp) y.row(r)[c] = x.row(r)[c];
}

__global__ void first_rows(const int32_t* __restrict__ offsets, const int32_t* __restrict__ nodes, int32_t* rows,
                           int64_t n) {
  const int64_t b = cuda::element_of_thread();
  if (b < n) rows[b] = 3 * nodes[offsets[b]];
}

__global__ void add_to(In<Cuda> x, Out<Cuda> y) {
  const int64_t r = cuda::row_of_warp();
  if (r >= y.rows) return;
  for (int64_t c = threadIdx.x; c < y.cols; c += cuda::kWarp) y.row(r)[c] += x.row(r)[c];
}

}  // namespace

template <>
void gather_rows<Cuda>(Cuda& dev, In<Cuda> x, VectorOf<Cuda, const int32_t> index, Out<Cuda> y) {
  require(y.rows == index.size && y.cols == x.cols, "gather_rows: extents agree");
  cuda::launch(dev, cuda::one_warp_each(y.rows), gather, x, index.data, y);
}

template <>
void scatter_add_rows<Cuda>(Cuda& dev, In<Cuda> x, VectorOf<Cuda, const int32_t> index, Out<Cuda> y) {
  require(x.rows == index.size && y.cols == x.cols, "scatter_add_rows: extents agree");
  CudaScratch scratch(dev);
  const cuda::GroupedRows groups = cuda::group_rows(dev, scratch, index, y.rows);
  cuda::add_groups(dev, x, groups, 1, Write::kAdd, y);
}

template <>
void copy_rows<Cuda>(Cuda& dev, In<Cuda> x, Out<Cuda> y) {
  require(x.rows == y.rows && x.cols == y.cols, "copy_rows: extents agree");
  cuda::launch(dev, cuda::one_warp_each(y.rows), copy, x, y);
}

template <>
void seed_token_rows<Cuda>(Cuda& dev, VectorOf<Cuda, const int32_t> offsets, VectorOf<Cuda, const int32_t> nodes,
                           VectorOf<Cuda, int32_t> rows) {
  require(offsets.size == rows.size + 1, "seed_token_rows: extents agree");
  cuda::launch(dev, cuda::one_thread_each(rows.size), first_rows, offsets.data, nodes.data, rows.data, rows.size);
}

template <>
void add_rows<Cuda>(Cuda& dev, In<Cuda> x, Out<Cuda> y) {
  require(x.rows == y.rows && x.cols == y.cols, "add_rows: extents agree");
  cuda::launch(dev, cuda::one_warp_each(y.rows), add_to, x, y);
}

}  // namespace gigahop::ops
