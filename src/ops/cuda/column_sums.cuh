/// Sums over rows, in double, in an order that depends on the extents alone: blocks of 32 columns and a run of rows
/// first, then the runs one after another.
#pragma once

#include "ops/cuda/launch.cuh"
#include "ops/linear.h"

namespace gigahop::ops::cuda {

constexpr int kSumRows = 8;  // rows that a block reads at a time
constexpr int64_t kMinRunRows = 64;
constexpr int64_t kMaxRuns = 256;

/// Targets of sum_columns: one vector [cols] for each of N terms, nullptr for none.
template <int N>
struct StoreDoubles {
  double* targets[N];
  __device__ void operator()(int term, int64_t c, double sum) const {
    if (targets[term] != nullptr) targets[term][c] = sum;
  }
};

template <int N>
struct FloatTargets {
  float* vectors[N];
};

template <int N>
struct StoreFloats {
  FloatTargets<N> targets;
  __device__ void operator()(int term, int64_t c, double sum) const {
    if (targets.vectors[term] != nullptr) targets.vectors[term][c] = static_cast<float>(sum);
  }
};

template <int N>
struct AddToFloats {
  FloatTargets<N> targets;
  __device__ void operator()(int term, int64_t c, double sum) const {
    float* vector = targets.vectors[term];
    if (vector != nullptr) vector[c] = static_cast<float>(static_cast<double>(vector[c]) + sum);
  }
};

/// partial [runs, N, cols]
template <int N, class Terms>
__global__ void sum_runs(Terms terms, int64_t rows, int64_t cols, int64_t run_rows, double* partial) {
  __shared__ double shared[N][kSumRows][kWarp + 1];
  const int64_t c = int64_t{blockIdx.x} * kWarp + threadIdx.x;
  const int64_t first = int64_t{blockIdx.y} * run_rows;
  const int64_t last = min(first + run_rows, rows);
  double sums[N] = {};
  if (c < cols) {
    for (int64_t r = first + threadIdx.y; r < last; r += kSumRows) {
      double values[N];
      terms(r, c, values);
      for (int n = 0; n < N; ++n) sums[n] += values[n];
    }
  }
  for (int n = 0; n < N; ++n) shared[n][threadIdx.y][threadIdx.x] = sums[n];
  __syncthreads();
  if (threadIdx.y != 0 || c >= cols) return;
  for (int n = 0; n < N; ++n) {
    double sum = 0;
    for (int i = 0; i < kSumRows; ++i) sum += shared[n][i][threadIdx.x];
    partial[(int64_t{blockIdx.y} * N + n) * cols + c] = sum;
  }
}

template <int N, class Store>
__global__ void finish_sums(const double* __restrict__ partial, int64_t runs, int64_t cols, Store store) {
  const int64_t i = element_of_thread();
  if (i >= N * cols) return;
  double sum = 0;
  for (int64_t run = 0; run < runs; ++run) sum += partial[run * N * cols + i];
  store(static_cast<int>(i / cols), i % cols, sum);
}

/// store(n, c, sum over rows r of values[n]) for n < N, where terms(r, c, values) gives the values of an element.
template <int N, class Terms, class Store>
void sum_columns(Cuda& dev, int64_t rows, int64_t cols, const Terms& terms, const Store& store) {
  const int64_t run_rows = num_blocks(rows, kMaxRuns) < kMinRunRows ? kMinRunRows : num_blocks(rows, kMaxRuns);
  const int64_t runs = num_blocks(rows, run_rows);
  CudaScratch scratch(dev);
  auto* partial = scratch.take<double>(runs * N * cols);
  const Shape shape = {dim3(static_cast<unsigned>(num_blocks(cols, kWarp)), static_cast<unsigned>(runs)),
                       dim3(kWarp, kSumRows)};
  launch(dev, shape, sum_runs<N, Terms>, terms, rows, cols, run_rows, partial);
  launch(dev, one_thread_each(N * cols), finish_sums<N, Store>, partial, runs, cols, store);
}

/// The same into float vectors, or added to what they hold.
template <int N, class Terms>
void sum_columns(Cuda& dev, int64_t rows, int64_t cols, const Terms& terms, Write write,
                 const FloatTargets<N>& targets) {
  if (write == Write::kAdd) {
    sum_columns<N>(dev, rows, cols, terms, AddToFloats<N>{targets});
  } else {
    sum_columns<N>(dev, rows, cols, terms, StoreFloats<N>{targets});
  }
}

}  // namespace gigahop::ops::cuda
