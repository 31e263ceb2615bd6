/// How many columns encode works on at a time, for the run and for its forecast.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gigahop::encode {

inline constexpr int64_t kLineColumns = 16;  // floats of a cache line
inline constexpr size_t kDefaultPowers = 4;

/// Rows of floats that a rank holds per column: input, two results, halo.
int64_t block_rows(int64_t num_owned, int64_t num_halo);

/// Columns of a block, 1..width. Pure.
int64_t block_width(int64_t rows, int64_t block_bytes, int64_t width);

}  // namespace gigahop::encode
