/// Token rows as shards store them, kept where a device reads them: put into a table, taken from one, and gathered into
/// a batch.
#pragma once

#include <cstdint>

#include "base/half.h"
#include "tensor/arguments.h"

namespace gigahop::ops {

/// The rows that a batch is made of, [., W] each: one numbering goes through the three, in this order.
template <class T, class Device>
struct StoredRows {
  MatrixView<const T, Device> owned;
  MatrixView<const T, Device> cached;
  MatrixView<const T, Device> fetched;  // for this batch

  constexpr const T* row(int64_t place) const {
    if (place < owned.rows) return owned.row(place);
    const int64_t beyond_owned = place - owned.rows;
    if (beyond_owned < cached.rows) return cached.row(beyond_owned);
    return fetched.row(beyond_owned - cached.rows);
  }
};

/// y [R, W]: y[r] = row places[r] of `rows`, as the device's number; exact.
///
/// T      float, Float16 or BFloat16
/// rows   any of the three may be empty. Cuda: also in pinned host memory, which is read over the link
/// Cost   reads and writes each row once
template <class T, class Device>
void gather_stored_rows(Device& dev, const StoredRows<T, Device>& rows, VectorOf<Device, const int64_t> places,
                        Out<Device> y);

/// y[slots[r]] = x[r], x [R, W] in words of 16 bits, whatever they hold. No slot twice.
template <class Device>
void put_rows(Device& dev, VectorOf<Device, const int32_t> slots, MatrixView<const uint16_t, Device> x,
              MatrixView<uint16_t, Device> y);

/// y[r] = x[rows[r]], y [R, W] in words of 16 bits, whatever they hold. Cuda: x also in pinned host memory.
template <class Device>
void take_rows(Device& dev, VectorOf<Device, const int64_t> rows, MatrixView<const uint16_t, Device> x,
               MatrixView<uint16_t, Device> y);

}  // namespace gigahop::ops
