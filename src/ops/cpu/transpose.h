/// Transposition of 32-bit units, whatever they stand for, on processors that have unit_product of floats.
#pragma once

#include <cstdint>

#include "ops/cpu/units.h"

namespace gigahop::ops::cpu {

/// y[c * y_stride + r] = x[r, c]
void transpose_units(FloatRows x, uint32_t* y, int64_t y_stride);

}  // namespace gigahop::ops::cpu
