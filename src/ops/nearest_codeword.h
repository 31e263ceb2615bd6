/// The codeword nearest to each row, in Euclidean distance: |g - e|^2 = |g|^2 - 2 g · e + |e|^2, by one product.
#pragma once

#include <cstdint>

#include "tensor/arguments.h"

namespace gigahop::ops {

/// codes [R] = argmin over m of |rows[r] - codewords[m]|, the lowest m of equal ones (as the device's numbers round).
///
/// rows [R, W], codewords [M, W], M >= 1
/// Order independent of the number of threads
template <class Device>
void nearest_codeword(Device& dev, In<Device> rows, In<Device> codewords, VectorOf<Device, int32_t> codes);

}  // namespace gigahop::ops
