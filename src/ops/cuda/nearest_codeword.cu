/// Nearest codewords: products of a block of rows with all codewords, then the best of each row by a warp.
#include "ops/nearest_codeword.h"

#include <algorithm>

#include "base/error.h"
#include "ops/cuda/largest.cuh"
#include "ops/cuda/launch.cuh"
#include "ops/product.h"

namespace gigahop::ops {
namespace {

constexpr int64_t kRowBlock = 512;

__global__ void find_square_norms(In<Cuda> x, float* norms) {
  const int64_t r = cuda::row_of_warp();
  if (r >= x.rows) return;
  float sum = 0;
  for (int64_t c = threadIdx.x; c < x.cols; c += cuda::kWarp) sum += x.row(r)[c] * x.row(r)[c];
  sum = cuda::warp_sum(sum);
  if (threadIdx.x == 0) norms[r] = sum;
}

/// The least |g - e|^2 is the largest 2 g · e - |e|^2.
__global__ void find_nearest(In<Cuda> products, const float* __restrict__ square_norms, int32_t* codes) {
  const int64_t r = cuda::row_of_warp();
  if (r >= products.rows) return;
  const cuda::Largest best =
      cuda::largest_of(products.cols, [&](int64_t c) { return 2.0F * products.row(r)[c] - square_norms[c]; });
  if (threadIdx.x == 0) codes[r] = best.index;
}

}  // namespace

template <>
void nearest_codeword<Cuda>(Cuda& dev, In<Cuda> rows, In<Cuda> codewords, VectorOf<Cuda, int32_t> codes) {
  require(rows.cols == codewords.cols && codes.size == rows.rows && codewords.rows > 0,
          "nearest_codeword: extents agree");
  CudaScratch scratch(dev);
  auto* square_norms = scratch.take<float>(codewords.rows);
  auto* products = scratch.take<float>(std::min(kRowBlock, rows.rows) * codewords.rows);
  cuda::launch(dev, cuda::one_warp_each(codewords.rows), find_square_norms, codewords, square_norms);
  for (int64_t first = 0; first < rows.rows; first += kRowBlock) {
    const Out<Cuda> block(products, std::min(kRowBlock, rows.rows - first), codewords.rows);
    product(dev, Transpose::kNo, Transpose::kYes, 1, rows.row_range(first, block.rows), codewords, 0, block);
    cuda::launch(dev, cuda::one_warp_each(block.rows), find_nearest, block, square_norms, codes.data + first);
  }
}

}  // namespace gigahop::ops
