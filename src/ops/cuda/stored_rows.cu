/// Rows of three tables into one matrix: a warp for each row, its lanes along the columns, four of them at a time where
/// all rows are aligned to that.
#include "ops/stored_rows.h"

#include "base/error.h"
#include "ops/cuda/launch.cuh"
#include "ops/cuda/widen.cuh"

namespace gigahop::ops {
namespace {

template <class T, int kCount>
struct alignas(sizeof(T) * kCount) Pack {
  T values[kCount];
};

template <class T, int kCount>
__global__ void gather(StoredRows<T, Cuda> rows, const int64_t* __restrict__ places, Out<Cuda> y) {
  const int64_t r = cuda::row_of_warp();
  if (r >= y.rows) return;
  const T* source = rows.row(places[r]);
  float* target = y.row(r);
  for (int64_t c = int64_t{threadIdx.x} * kCount; c < y.cols; c += cuda::kWarp * kCount) {
    const Pack<T, kCount> stored = *reinterpret_cast<const Pack<T, kCount>*>(source + c);
    Pack<float, kCount> wide;
#pragma unroll
    for (int i = 0; i < kCount; ++i) wide.values[i] = cuda::widen(stored.values[i]);
    *reinterpret_cast<Pack<float, kCount>*>(target + c) = wide;
  }
}

__global__ void put(const int32_t* __restrict__ slots, MatrixView<const uint16_t, Cuda> x,
                    MatrixView<uint16_t, Cuda> y) {
  const int64_t r = cuda::row_of_warp();
  if (r >= x.rows) return;
  for (int64_t c = threadIdx.x; c < x.cols; c += cuda::kWarp) y.row(slots[r])[c] = x.row(r)[c];
}

__global__ void take(const int64_t* __restrict__ rows, MatrixView<const uint16_t, Cuda> x,
                     MatrixView<uint16_t, Cuda> y) {
  const int64_t r = cuda::row_of_warp();
  if (r >= y.rows) return;
  for (int64_t c = threadIdx.x; c < y.cols; c += cuda::kWarp) y.row(r)[c] = x.row(rows[r])[c];
}

template <class T>
bool has_packs(const MatrixView<T, Cuda>& rows, int64_t count) {
  const auto address = reinterpret_cast<uintptr_t>(rows.data);
  return rows.stride % count == 0 && address % (static_cast<uintptr_t>(count) * sizeof(T)) == 0;
}

template <class T>
void gather_widened(Cuda& dev, const StoredRows<T, Cuda>& rows, VectorOf<Cuda, const int64_t> places, Out<Cuda> y) {
  require(y.rows == places.size, "gather_stored_rows: extents agree");
  constexpr int kCount = 4;
  const bool in_packs = y.cols % kCount == 0 && has_packs(y, kCount) && has_packs(rows.owned, kCount) &&
                        has_packs(rows.cached, kCount) && has_packs(rows.fetched, kCount);
  const cuda::Shape shape = cuda::one_warp_each(y.rows);
  if (in_packs) {
    cuda::launch(dev, shape, gather<T, kCount>, rows, places.data, y);
  } else {
    cuda::launch(dev, shape, gather<T, 1>, rows, places.data, y);
  }
}

}  // namespace

template <>
void gather_stored_rows(Cuda& dev, const StoredRows<float, Cuda>& rows, VectorOf<Cuda, const int64_t> places,
                        Out<Cuda> y) {
  gather_widened(dev, rows, places, y);
}

template <>
void gather_stored_rows(Cuda& dev, const StoredRows<Float16, Cuda>& rows, VectorOf<Cuda, const int64_t> places,
                        Out<Cuda> y) {
  gather_widened(dev, rows, places, y);
}

template <>
void gather_stored_rows(Cuda& dev, const StoredRows<BFloat16, Cuda>& rows, VectorOf<Cuda, const int64_t> places,
                        Out<Cuda> y) {
  gather_widened(dev, rows, places, y);
}

template <>
void put_rows<Cuda>(Cuda& dev, VectorOf<Cuda, const int32_t> slots, MatrixView<const uint16_t, Cuda> x,
                    MatrixView<uint16_t, Cuda> y) {
  require(x.rows == slots.size && x.cols == y.cols, "put_rows: extents agree");
  cuda::launch(dev, cuda::one_warp_each(x.rows), put, slots.data, x, y);
}

template <>
void take_rows<Cuda>(Cuda& dev, VectorOf<Cuda, const int64_t> rows, MatrixView<const uint16_t, Cuda> x,
                     MatrixView<uint16_t, Cuda> y) {
  require(y.rows == rows.size && x.cols == y.cols, "take_rows: extents agree");
  cuda::launch(dev, cuda::one_warp_each(y.rows), take, rows.data, x, y);
}

}  // namespace gigahop::ops
