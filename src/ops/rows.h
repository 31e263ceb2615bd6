/// Moving rows: gather, scatter-add, copies (also of column ranges, by a view's columns()).
#pragma once

#include <cstdint>

#include "tensor/arguments.h"

namespace gigahop::ops {

/// y [R, W]: y[r] = x[index[r]]. y must not overlap x.
template <class Device>
void gather_rows(Device& dev, In<Device> x, VectorOf<Device, const int32_t> index, Out<Device> y);

/// y[index[r]] += x[r], in the order of r: independent of the number of threads. x [R, W].
template <class Device>
void scatter_add_rows(Device& dev, In<Device> x, VectorOf<Device, const int32_t> index, Out<Device> y);

/// y = x, both [R, W] with strides of their own: concatenation writes into columns() of a wider y.
template <class Device>
void copy_rows(Device& dev, In<Device> x, Out<Device> y);

/// rows [B] = 3 nodes[offsets[b]]: the token row of hop 0 of the first node of each ragged list, the seed's own.
/// offsets [B + 1] into nodes; no list is empty.
template <class Device>
void seed_token_rows(Device& dev, VectorOf<Device, const int32_t> offsets, VectorOf<Device, const int32_t> nodes,
                     VectorOf<Device, int32_t> rows);

/// y += x, both [R, W].
template <class Device>
void add_rows(Device& dev, In<Device> x, Out<Device> y);

}  // namespace gigahop::ops
