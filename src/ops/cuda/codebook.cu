/// A warp for each codeword, its lanes along the columns, or a thread.
#include "ops/codebook.h"

#include "base/error.h"
#include "ops/cuda/column_sums.cuh"
#include "ops/cuda/launch.cuh"
#include "ops/layer_norm.h"

namespace gigahop::ops {
namespace {

__global__ void embed(In<Cuda> codewords, const float* __restrict__ mean, const float* __restrict__ variance,
                      Out<Cuda> embedding) {
  const int64_t m = cuda::row_of_warp();
  if (m >= embedding.rows) return;
  for (int64_t c = threadIdx.x; c < embedding.cols; c += cuda::kWarp) {
    const double deviation = sqrt(static_cast<double>(variance[c]) + kNormEpsilon);
    embedding.row(m)[c] =
        static_cast<float>(static_cast<double>(codewords.row(m)[c]) * deviation + static_cast<double>(mean[c]));
  }
}

__global__ void take(const uint16_t* __restrict__ codes, const LocalId* __restrict__ nodes, int32_t* taken, int64_t n) {
  const int64_t b = cuda::element_of_thread();
  if (b < n) taken[b] = codes[nodes[b].value];
}

__global__ void put(const int32_t* __restrict__ given, const LocalId* __restrict__ nodes, uint16_t* codes, int64_t n) {
  const int64_t b = cuda::element_of_thread();
  if (b < n) codes[nodes[b].value] = static_cast<uint16_t>(given[b]);
}

/// Sums of ones are exact in any order.
__global__ void count(const int32_t* __restrict__ codes, float* counts, int64_t n) {
  const int64_t b = cuda::element_of_thread();
  if (b < n) atomicAdd(counts + codes[b], 1.0F);
}

inline __device__ double moved(double decay, float from, float to) {
  return decay * static_cast<double>(from) + (1 - decay) * static_cast<double>(to);
}

/// Of one codeword, as [M, 1].
struct MovedSizes {
  double decay;
  const float* sizes;
  const float* came;
  __device__ void operator()(int64_t m, int64_t, double* terms) const { terms[0] = moved(decay, sizes[m], came[m]); }
};

__global__ void move_sizes(CodebookDecay options, const double* __restrict__ total, const float* __restrict__ came,
                           float* sizes, double* exact_sizes, int64_t n) {
  const int64_t m = cuda::element_of_thread();
  if (m >= n) return;
  const double scale = *total / (*total + options.smoothing * static_cast<double>(n));
  exact_sizes[m] = (moved(options.decay, sizes[m], came[m]) + options.smoothing) * scale;
  sizes[m] = static_cast<float>(exact_sizes[m]);
}

__global__ void move_sums(double decay, In<Cuda> arrived, const double* __restrict__ sizes, Out<Cuda> sums,
                          Out<Cuda> codewords) {
  const int64_t m = cuda::row_of_warp();
  if (m >= sums.rows) return;
  for (int64_t c = threadIdx.x; c < sums.cols; c += cuda::kWarp) {
    const double sum = moved(decay, sums.row(m)[c], arrived.row(m)[c]);
    sums.row(m)[c] = static_cast<float>(sum);
    codewords.row(m)[c] = static_cast<float>(sum / sizes[m]);
  }
}

__global__ void read_stored(const float* __restrict__ stored, int64_t* histogram, int64_t n) {
  const int64_t m = cuda::element_of_thread();
  if (m < n && static_cast<float>(histogram[m]) != stored[m]) histogram[m] = llrintf(stored[m]);
}

__global__ void move_counts(const float* __restrict__ came, const float* __restrict__ left, int64_t* histogram,
                            float* stored, int64_t n) {
  const int64_t m = cuda::element_of_thread();
  if (m >= n) return;
  histogram[m] += static_cast<int64_t>(came[m]) - static_cast<int64_t>(left[m]);
  stored[m] = static_cast<float>(histogram[m]);
}

}  // namespace

template <>
void embed_codewords<Cuda>(Cuda& dev, In<Cuda> codewords, InVector<Cuda> mean, InVector<Cuda> variance,
                           Out<Cuda> embedding) {
  require(codewords.rows == embedding.rows && codewords.cols == embedding.cols && mean.size == codewords.cols &&
              variance.size == codewords.cols,
          "embed_codewords: extents agree");
  cuda::launch(dev, cuda::one_warp_each(embedding.rows), embed, codewords, mean.data, variance.data, embedding);
}

template <>
void take_codes<Cuda>(Cuda& dev, VectorOf<Cuda, const uint16_t> codes, VectorOf<Cuda, const LocalId> nodes,
                      VectorOf<Cuda, int32_t> taken) {
  require(taken.size == nodes.size, "take_codes: extents agree");
  cuda::launch(dev, cuda::one_thread_each(nodes.size), take, codes.data, nodes.data, taken.data, nodes.size);
}

template <>
void put_codes<Cuda>(Cuda& dev, VectorOf<Cuda, const int32_t> given, VectorOf<Cuda, const LocalId> nodes,
                     VectorOf<Cuda, uint16_t> codes) {
  require(given.size == nodes.size, "put_codes: extents agree");
  cuda::launch(dev, cuda::one_thread_each(nodes.size), put, given.data, nodes.data, codes.data, nodes.size);
}

template <>
void count_codes<Cuda>(Cuda& dev, VectorOf<Cuda, const int32_t> codes, OutVector<Cuda> counts) {
  cuda::launch(dev, cuda::one_thread_each(codes.size), count, codes.data, counts.data, codes.size);
}

template <>
void move_codewords<Cuda>(Cuda& dev, const CodebookDecay& options, In<Cuda> arrived, InVector<Cuda> came,
                          OutVector<Cuda> sizes, Out<Cuda> sums, Out<Cuda> codewords) {
  require(arrived.rows == sums.rows && arrived.cols == sums.cols && codewords.rows == sums.rows &&
              codewords.cols == sums.cols && came.size == sums.rows && sizes.size == sums.rows,
          "move_codewords: extents agree");
  CudaScratch scratch(dev);
  auto* total = scratch.take<double>(1);
  auto* exact_sizes = scratch.take<double>(sizes.size);
  cuda::sum_columns<1>(dev, sizes.size, 1, MovedSizes{options.decay, sizes.data, came.data},
                       cuda::StoreDoubles<1>{{total}});
  cuda::launch(dev, cuda::one_thread_each(sizes.size), move_sizes, options, total, came.data, sizes.data, exact_sizes,
               sizes.size);
  cuda::launch(dev, cuda::one_warp_each(sums.rows), move_sums, options.decay, arrived, exact_sizes, sums, codewords);
}

template <>
void read_histogram<Cuda>(Cuda& dev, InVector<Cuda> stored, VectorOf<Cuda, int64_t> histogram) {
  require(stored.size == histogram.size, "read_histogram: extents agree");
  cuda::launch(dev, cuda::one_thread_each(stored.size), read_stored, stored.data, histogram.data, stored.size);
}

template <>
void move_histogram<Cuda>(Cuda& dev, InVector<Cuda> came, InVector<Cuda> left, VectorOf<Cuda, int64_t> histogram,
                          OutVector<Cuda> stored) {
  require(came.size == histogram.size && left.size == histogram.size && stored.size == histogram.size,
          "move_histogram: extents agree");
  cuda::launch(dev, cuda::one_thread_each(stored.size), move_counts, came.data, left.data, histogram.data, stored.data,
               stored.size);
}

}  // namespace gigahop::ops
