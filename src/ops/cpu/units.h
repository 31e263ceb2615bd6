/// Operands of products in the form that unit_product reads, made from rows of floats.
///
///   format          unit                                        where
///   kFloats         one float; x itself where no order changes  Precision::kFloat32
///   kPairs          two bfloat16, neighbours along the depth    Precision::kBFloat16, processors that multiply them
///   kRoundedFloats  one float, rounded to bfloat16              Precision::kBFloat16, other processors: slow
///
/// The depth is the inner extent of the product. A pair beyond an odd depth is filled with zero.
#pragma once

#include <cstdint>

#include "ops/cpu/unit_product.h"
#include "tensor/matrix.h"

namespace gigahop::ops::cpu {

enum class UnitFormat { kFloats, kRoundedFloats, kPairs };

/// What operations in the precision of `dev` use on this processor.
UnitFormat unit_format(const Cpu& dev);

/// Rows of floats: row r stands at data + r * stride, or at data + row_ids[r] * stride where those are given.
struct FloatRows {
  const float* data = nullptr;
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t stride = 0;
  const int32_t* row_ids = nullptr;  // [rows]

  const float* row(int64_t r) const { return data + (row_ids == nullptr ? r : row_ids[r]) * stride; }
};

/// x as the left operand, depth = x.cols. The result points into `memory`, or into x where its rows are in order.
LeftUnits pack_left(UnitFormat format, FloatRows x, Buffer<uint32_t>& memory);
/// x as the right operand, depth = x.rows.
RightUnits pack_right(UnitFormat format, FloatRows x, Buffer<uint32_t>& memory);
/// x^T as the left operand, depth = x.rows: what pack_right made of x, read the other way.
LeftUnits transposed_left(RightUnits x);
/// x^T as the right operand, depth = x.cols.
RightUnits pack_right_transposed(UnitFormat format, FloatRows x, Buffer<uint32_t>& memory);

/// What an operand that is not used in place takes until the product is done, at most, with the copies that the
/// processor's way of multiplying needs.
int64_t left_bytes(UnitFormat format, int64_t rows, int64_t depth);
int64_t right_bytes(UnitFormat format, int64_t cols, int64_t depth);

/// c [m, n] = (accumulate ? c : 0) + a b, on the calling thread.
void multiply_units(UnitFormat format, int64_t m, int64_t n, int64_t depth, LeftUnits a, RightUnits b,
                    Accumulate accumulate, float* c, int64_t c_stride);

}  // namespace gigahop::ops::cpu
