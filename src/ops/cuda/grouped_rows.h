/// Rows by where they are added, so that each destination is summed by one warp in the order of the rows: no float is
/// added atomically, and a result has the same bits whenever it is computed again.
#pragma once

#include <cstdint>

#include "ops/linear.h"
#include "tensor/arguments.h"
#include "tensor/cuda.h"

namespace gigahop::ops::cuda {

/// The rows of destination d are order[offsets[d]] to order[offsets[d + 1] - 1], ascending.
struct GroupedRows {
  const int32_t* offsets = nullptr;  // [D + 1]
  const int32_t* order = nullptr;    // [R]
  int64_t num_destinations = 0;      // D
};

/// index [R] in [0, D). The result lies in `scratch`.
///
/// Cost a pass over R and D, and n^2 / 32 comparisons a lane for a destination of n rows
GroupedRows group_rows(Cuda& dev, CudaScratch& scratch, VectorOf<Cuda, const int32_t> index, int64_t num_destinations);

/// y[n d + j] = (write == kAdd ? y[n d + j] : 0) + sum of x[n r + j] over the rows r of destination d in order,
/// j in [0, n), n = rows_per_item.
///
/// x [n R, W], y [n D, W]
void add_groups(Cuda& dev, In<Cuda> x, const GroupedRows& groups, int64_t rows_per_item, Write write, Out<Cuda> y);

}  // namespace gigahop::ops::cuda
