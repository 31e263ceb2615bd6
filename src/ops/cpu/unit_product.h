/// Products that are small and many: those of one seed's attention, on one thread, with nothing allocated or copied.
///
/// Both number types are 32-bit units along the inner dimension: one float, or two neighbouring bfloat16 that one
/// instruction multiplies. So one kernel serves both, and a layout is what it is whichever the type. What a product
/// needs is packed before by units.h.
///
/// At these sizes it is as fast as what LIBXSMM generates for each, and faster than oneDNN, which copies its operands
/// (tests/bench/ops).
#pragma once

#include <cstdint>

namespace gigahop::ops::cpu {

enum class UnitType { kFloat32, kBFloat16Pair };

/// Whether this processor has the instructions for units of a type; where not, callers use sgemm.
bool has_unit_product(UnitType type);

/// Unit u of row r stands at data[r * row_stride + u * unit_stride].
struct LeftUnits {
  const uint32_t* data = nullptr;
  int64_t row_stride = 0;
  int64_t unit_stride = 1;
};

/// Unit u of column c stands at data[u * unit_stride + c].
struct RightUnits {
  const uint32_t* data = nullptr;
  int64_t unit_stride = 0;
};

enum class Accumulate { kNo, kYes };

/// c [m, n] = (accumulate ? c : 0) + a b, sums in float32 in the order of the units.
///
/// num_units  of the inner dimension; 0 gives zeros, or leaves c
void unit_product(UnitType type, int64_t m, int64_t n, int64_t num_units, LeftUnits a, RightUnits b,
                  Accumulate accumulate, float* c, int64_t c_stride);

}  // namespace gigahop::ops::cpu
