/// Loops over fixed blocks of work, shared by the context's threads, and sums whose order no thread count changes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tensor/matrix.h"

namespace gigahop::ops::cpu {

/// Rows of a block of row-wise work.
constexpr int64_t kRowBlock = 64;
/// Elements of a block of element-wise work.
constexpr int64_t kElementBlock = 16384;

inline int64_t num_blocks(int64_t total, int64_t block) {
  return (total + block - 1) / block;
}

/// run(i) for i in [0, count), in any order.
template <class Run>
void parallel_for(const Cpu& dev, int64_t count, const Run& run) {
  const int num_threads = static_cast<int>(std::clamp<int64_t>(count, 1, dev.num_threads));
#pragma omp parallel for num_threads(num_threads) schedule(dynamic)
  for (int64_t i = 0; i < count; ++i) run(i);
}

/// run(first, count) for consecutive blocks of [0, total).
template <class Run>
void for_each_block(const Cpu& dev, int64_t total, int64_t block, const Run& run) {
  parallel_for(dev, num_blocks(total, block), [&](int64_t i) { run(i * block, std::min(block, total - i * block)); });
}

/// sums[c] = the sum over rows of what add_row(r, sums of its block) adds, block by block in order. [width] doubles.
template <class AddRow>
void sum_rows(const Cpu& dev, int64_t rows, int64_t width, double* sums, const AddRow& add_row) {
  const int64_t block = std::max<int64_t>(kRowBlock, num_blocks(rows, 256));
  Matrix<double> partial(num_blocks(rows, block), width);
  for_each_block(dev, rows, block, [&](int64_t first, int64_t count) {
    double* mine = partial.row(first / block);
    std::fill_n(mine, width, 0.0);
    for (int64_t r = first; r < first + count; ++r) add_row(r, mine);
  });
  std::fill_n(sums, width, 0.0);
  for (int64_t i = 0; i < partial.rows(); ++i) {
    for (int64_t c = 0; c < width; ++c) sums[c] += partial.row(i)[c];
  }
}

}  // namespace gigahop::ops::cpu
