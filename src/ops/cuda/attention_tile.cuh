/// Tiles of attention in shared memory: a block has rows of its own, a few for each warp, and other rows stream past
/// them, 32 at a time, one for each lane.
///
/// Own rows lie column by column, those of a warp side by side, so that one read gives a column of them all. Streamed
/// rows are one float longer than they are wide: 32 lanes that read one column of 32 rows meet 32 banks.
#pragma once

#include "ops/cuda/launch.cuh"

namespace gigahop::ops::cuda {

constexpr int kTileWarps = 8;

/// One number for each own row of a warp.
template <int N>
struct alignas(N * sizeof(float)) OwnValues {
  float values[N];
  __device__ float& operator[](int i) { return values[i]; }
  __device__ float operator[](int i) const { return values[i]; }
};

/// kColumns: of a head for each lane.
template <int kColumns>
struct Tile {
  static constexpr int kWidth = kColumns * kWarp;
  static constexpr int kOwn = kColumns > 8 ? 2 : 4;  // rows of a warp; sums of a thread: kOwn kColumns
  static constexpr int kOwnRows = kTileWarps * kOwn;
  static constexpr int kStride = kWidth + 1;
  using Own = OwnValues<kOwn>;

  /// Floats of own rows, of streamed rows, and of a number for each pair of them.
  static constexpr int kOwnSize = kOwnRows * kWidth;
  static constexpr int kStreamedSize = kWarp * kStride;
  static constexpr int kPairsSize = kOwnRows * kWarp;

  /// The warp's rows, from `first` on, of `count`: zeros past them and right of `width`. row_of(i) is a pointer.
  template <class RowOf>
  static __device__ void load_own(const RowOf& row_of, int first, int count, int width, Own* own) {
    for (int i = 0; i < kOwn; ++i) {
      const float* row = first + i < count ? row_of(first + i) : nullptr;
      for (int c = static_cast<int>(threadIdx.x); c < kWidth; c += kWarp) {
        own[c][i] = row != nullptr && c < width ? row[c] : 0.0F;
      }
    }
  }

  /// As load_own, by all warps.
  template <class RowOf>
  static __device__ void load_streamed(const RowOf& row_of, int first, int count, int width, float* streamed) {
    for (int r = static_cast<int>(threadIdx.y); r < kWarp; r += kTileWarps) {
      const float* row = first + r < count ? row_of(first + r) : nullptr;
      for (int c = static_cast<int>(threadIdx.x); c < kWidth; c += kWarp) {
        streamed[r * kStride + c] = row != nullptr && c < width ? row[c] : 0.0F;
      }
    }
  }

  /// The products of the warp's own rows and the lane's streamed row.
  static __device__ Own multiply(const Own* own, const float* streamed) {
    const float* row = streamed + threadIdx.x * kStride;
    Own products = {};
#pragma unroll 8
    for (int c = 0; c < kWidth; ++c) {
      const Own column = own[c];
#pragma unroll
      for (int i = 0; i < kOwn; ++i) products[i] += column[i] * row[c];
    }
    return products;
  }

  /// The lane's columns of a row for each own row.
  struct Sums {
    float values[kOwn][kColumns] = {};

    /// += sum over streamed rows r of pairs[r][i] times row r.
    __device__ void add(const Own* pairs, const float* streamed) {
#pragma unroll 4
      for (int r = 0; r < kWarp; ++r) {
        const Own weights = pairs[r];
#pragma unroll
        for (int j = 0; j < kColumns; ++j) {
          const float x = streamed[r * kStride + threadIdx.x + j * kWarp];
#pragma unroll
          for (int i = 0; i < kOwn; ++i) values[i][j] += weights[i] * x;
        }
      }
    }

    __device__ void scale(int i, float factor) {
#pragma unroll
      for (int j = 0; j < kColumns; ++j) values[i][j] *= factor;
    }

    __device__ void store(int i, int width, float* row) const {
#pragma unroll
      for (int j = 0; j < kColumns; ++j) {
        const int c = static_cast<int>(threadIdx.x) + j * kWarp;
        if (c < width) row[c] = values[i][j];
      }
    }
  };
};

}  // namespace gigahop::ops::cuda
