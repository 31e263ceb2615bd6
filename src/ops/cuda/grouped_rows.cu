#include "ops/cuda/grouped_rows.h"

#include "ops/cuda/launch.cuh"

namespace gigahop::ops::cuda {
namespace {

constexpr int kScanThreads = 1024;
constexpr int kScanWarps = kScanThreads / kWarp;

__global__ void count_rows(const int32_t* __restrict__ index, int64_t rows, int32_t* counts) {
  const int64_t r = element_of_thread();
  if (r < rows) atomicAdd(&counts[index[r]], 1);
}

/// The sum of the values of all lanes below.
inline __device__ int32_t sum_below(int32_t value, int lane) {
  int32_t sum = value;
#pragma unroll
  for (int lanes = 1; lanes < kWarp; lanes *= 2) {
    const int32_t other = __shfl_up_sync(kAllLanes, sum, lanes);
    if (lane >= lanes) sum += other;
  }
  return sum - value;
}

/// One block: offsets[d] = cursors[d] = counts before d, offsets[size] = all. Each thread takes a run of destinations.
__global__ void __launch_bounds__(kScanThreads)
    scan_counts(const int32_t* __restrict__ counts, int64_t size, int32_t* offsets, int32_t* cursors) {
  __shared__ int32_t sums[kScanWarps];
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const int64_t run = (size + kScanThreads - 1) / kScanThreads;
  const int64_t first = min(int64_t{threadIdx.x} * run, size);
  const int64_t last = min(first + run, size);
  int32_t sum = 0;
  for (int64_t d = first; d < last; ++d) sum += counts[d];
  int32_t before = sum_below(sum, lane);
  if (lane == kWarp - 1) sums[warp] = before + sum;
  __syncthreads();
  for (int w = 0; w < warp; ++w) before += sums[w];
  for (int64_t d = first; d < last; ++d) {
    offsets[d] = cursors[d] = before;
    before += counts[d];
  }
  if (threadIdx.x == kScanThreads - 1) offsets[size] = before;
}

__global__ void place_rows(const int32_t* __restrict__ index, int64_t rows, int32_t* cursors, int32_t* placed) {
  const int64_t r = element_of_thread();
  if (r < rows) placed[atomicAdd(&cursors[index[r]], 1)] = static_cast<int32_t>(r);
}

/// A warp for each destination: the place of a row is the number of smaller ones.
__global__ void sort_groups(const int32_t* __restrict__ placed, const int32_t* __restrict__ offsets, int64_t size,
                            int32_t* order) {
  const int64_t d = row_of_warp();
  if (d >= size) return;
  const int32_t first = offsets[d];
  const int32_t last = offsets[d + 1];
  for (int32_t i = first + static_cast<int32_t>(threadIdx.x); i < last; i += kWarp) {
    const int32_t row = placed[i];
    int32_t place = first;
    for (int32_t j = first; j < last; ++j) place += placed[j] < row ? 1 : 0;
    order[place] = row;
  }
}

__global__ void add_in_order(In<Cuda> x, GroupedRows groups, int64_t rows_per_item, Write write, Out<Cuda> y) {
  const int64_t r = row_of_warp();
  if (r >= groups.num_destinations * rows_per_item) return;
  const int64_t d = r / rows_per_item;
  const int64_t j = r % rows_per_item;
  const int32_t first = groups.offsets[d];
  const int32_t last = groups.offsets[d + 1];
  if (first == last && write == Write::kAdd) return;
  for (int64_t c = threadIdx.x; c < y.cols; c += kWarp) {
    float sum = write == Write::kAdd ? y.row(r)[c] : 0.0F;
    for (int32_t i = first; i < last; ++i) sum += x.row(int64_t{groups.order[i]} * rows_per_item + j)[c];
    y.row(r)[c] = sum;
  }
}

}  // namespace

GroupedRows group_rows(Cuda& dev, CudaScratch& scratch, VectorOf<Cuda, const int32_t> index, int64_t num_destinations) {
  auto* counts = scratch.take<int32_t>(num_destinations);
  auto* offsets = scratch.take<int32_t>(num_destinations + 1);
  auto* cursors = scratch.take<int32_t>(num_destinations);
  auto* placed = scratch.take<int32_t>(index.size);
  auto* order = scratch.take<int32_t>(index.size);
  const auto bytes = static_cast<size_t>(num_destinations) * sizeof(int32_t);
  cuda_check(cudaMemsetAsync(counts, 0, bytes, dev.stream.get()), "cudaMemsetAsync");
  launch(dev, one_thread_each(index.size), count_rows, index.data, index.size, counts);
  launch(dev, {dim3(1), dim3(kScanThreads)}, scan_counts, counts, num_destinations, offsets, cursors);
  launch(dev, one_thread_each(index.size), place_rows, index.data, index.size, cursors, placed);
  launch(dev, one_warp_each(num_destinations), sort_groups, placed, offsets, num_destinations, order);
  return {offsets, order, num_destinations};
}

void add_groups(Cuda& dev, In<Cuda> x, const GroupedRows& groups, int64_t rows_per_item, Write write, Out<Cuda> y) {
  launch(dev, one_warp_each(groups.num_destinations * rows_per_item), add_in_order, x, groups, rows_per_item, write, y);
}

}  // namespace gigahop::ops::cuda
