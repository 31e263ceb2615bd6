#include "ops/stored_rows.h"

#include <algorithm>

#include "base/error.h"

namespace gigahop::ops {
namespace {

float number(float x) {
  return x;
}
template <class Half>
float number(Half x) {
  return to_float(x);
}

}  // namespace

template <class T, class Device>
void gather_stored_rows(Device&, const StoredRows<T, Device>& rows, VectorOf<Device, const int64_t> places,
                        Out<Device> y) {
  require(y.rows == places.size, "gather_stored_rows: extents agree");
  for (int64_t r = 0; r < y.rows; ++r) {
    const T* const row = rows.row(places[r]);
    for (int64_t c = 0; c < y.cols; ++c) y.row(r)[c] = number(row[c]);
  }
}

template <class Device>
void put_rows(Device&, VectorOf<Device, const int32_t> slots, MatrixView<const uint16_t, Device> x,
              MatrixView<uint16_t, Device> y) {
  require(x.rows == slots.size && x.cols == y.cols, "put_rows: extents agree");
  for (int64_t r = 0; r < x.rows; ++r) std::copy_n(x.row(r), x.cols, y.row(slots[r]));
}

template <class Device>
void take_rows(Device&, VectorOf<Device, const int64_t> rows, MatrixView<const uint16_t, Device> x,
               MatrixView<uint16_t, Device> y) {
  require(y.rows == rows.size && x.cols == y.cols, "take_rows: extents agree");
  for (int64_t r = 0; r < y.rows; ++r) std::copy_n(x.row(rows[r]), y.cols, y.row(r));
}

#define GIGAHOP_INSTANTIATE(T, Device) \
  template void gather_stored_rows(Device&, const StoredRows<T, Device>&, VectorOf<Device, const int64_t>, Out<Device>);
GIGAHOP_INSTANTIATE(float, Cpu)
GIGAHOP_INSTANTIATE(Float16, Cpu)
GIGAHOP_INSTANTIATE(BFloat16, Cpu)
GIGAHOP_INSTANTIATE(float, Reference)
GIGAHOP_INSTANTIATE(Float16, Reference)
GIGAHOP_INSTANTIATE(BFloat16, Reference)

#define GIGAHOP_INSTANTIATE_COPIES(Device)                                                              \
  template void put_rows(Device&, VectorOf<Device, const int32_t>, MatrixView<const uint16_t, Device>,  \
                         MatrixView<uint16_t, Device>);                                                 \
  template void take_rows(Device&, VectorOf<Device, const int64_t>, MatrixView<const uint16_t, Device>, \
                          MatrixView<uint16_t, Device>);
GIGAHOP_INSTANTIATE_COPIES(Cpu)
GIGAHOP_INSTANTIATE_COPIES(Reference)

}  // namespace gigahop::ops
