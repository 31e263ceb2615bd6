/// Operands in units and their products, in every format, against sums in double of the same rounded numbers.
#include "ops/cpu/units.h"

#include <array>

#include "base/half.h"
#include "ops/support.h"

namespace gigahop::ops::cpu {
namespace {

struct Shape {
  int64_t m, n, depth;
};

const Shape kShapes[] = {{1, 1, 1},    {1, 1, 7},    {5, 1, 1},       {6, 64, 16},   {7, 65, 17},
                         {13, 16, 31}, {37, 37, 32}, {150, 150, 128}, {33, 200, 75}, {12, 48, 0}};

double rounded(UnitFormat format, float x) {
  return static_cast<double>(format == UnitFormat::kFloats ? x : to_float(to_bfloat16(x)));
}

std::vector<UnitFormat> formats_here() {
  std::vector<UnitFormat> formats = {UnitFormat::kFloats, UnitFormat::kRoundedFloats};
  if (has_unit_product(UnitType::kBFloat16Pair)) formats.push_back(UnitFormat::kPairs);
  return formats;
}

FloatRows wide_rows(const Matrix<float>& x, int64_t cols) {
  return {x.data() + 1, x.rows(), cols, x.cols()};
}

TEST(Units, multiply_as_the_numbers_they_hold_in_every_order_of_the_operands) {
  for (const UnitFormat format : formats_here()) {
    for (const auto& [m, n, depth] : kShapes) {
      for (const auto accumulate : {Accumulate::kNo, Accumulate::kYes}) {
        SCOPED_TRACE(testing::Message() << static_cast<int>(format) << ": " << m << " " << n << " " << depth);
        // Columns of wider matrices, so that rows do not touch.
        const Matrix<float> a = random_matrix<Cpu>(m, depth + 3, 1);
        const Matrix<float> b = random_matrix<Cpu>(depth, n + 3, 2);
        Matrix<float> a_transposed(depth, m + 3);
        Matrix<float> b_transposed(n, depth + 3);
        for (int64_t u = 0; u < depth; ++u) {
          for (int64_t r = 0; r < m; ++r) a_transposed.row(u)[r + 1] = a.row(r)[u + 1];
          for (int64_t c = 0; c < n; ++c) b_transposed.row(c)[u + 1] = b.row(u)[c + 1];
        }
        const Matrix<float> before = random_matrix<Cpu>(m, n + 5, 3);
        std::vector<double> expected = values_of(before);
        for (int64_t r = 0; r < m; ++r) {
          for (int64_t c = 0; c < n; ++c) {
            double sum = accumulate == Accumulate::kYes ? static_cast<double>(before.row(r)[c]) : 0;
            for (int64_t u = 0; u < depth; ++u)
              sum += rounded(format, a.row(r)[u + 1]) * rounded(format, b.row(u)[c + 1]);
            expected[static_cast<size_t>(r * (n + 5) + c)] = sum;
          }
        }
        std::array<Buffer<uint32_t>, 4> memory;
        const std::array lefts = {pack_left(format, wide_rows(a, depth), memory[0]),
                                  transposed_left(pack_right(format, wide_rows(a_transposed, m), memory[1]))};
        const std::array rights = {pack_right(format, wide_rows(b, n), memory[2]),
                                   pack_right_transposed(format, wide_rows(b_transposed, depth), memory[3])};
        for (const LeftUnits& left : lefts) {
          for (const RightUnits& right : rights) {
            Matrix<float> c(m, n + 5);
            std::copy_n(before.data(), m * (n + 5), c.data());
            multiply_units(format, m, n, depth, left, right, accumulate, c.data(), n + 5);
            expect_close(values_of(c), expected, kProduct, "product");
          }
        }
      }
    }
  }
}

/// The units that rows [num_rows, cols] hold as a left operand, one after the other.
std::vector<uint32_t> units_of(LeftUnits x, int64_t num_rows, int64_t num_units) {
  std::vector<uint32_t> units;
  for (int64_t r = 0; r < num_rows; ++r) {
    for (int64_t u = 0; u < num_units; ++u) units.push_back(x.data[r * x.row_stride + u * x.unit_stride]);
  }
  return units;
}

std::vector<uint32_t> units_of(RightUnits x, int64_t num_units, int64_t cols) {
  return units_of({x.data, x.unit_stride, 1}, num_units, cols);
}

TEST(Units, rows_by_their_ids_are_packed_as_a_copy_of_them_in_order) {
  constexpr int64_t kRows = 37;
  constexpr int64_t kCols = 21;
  const Matrix<float> all = random_matrix<Cpu>(50, kCols + 3, 4);
  std::vector<int32_t> ids(kRows);
  Matrix<float> copy(kRows, kCols + 3);
  for (int64_t r = 0; r < kRows; ++r) {
    ids[static_cast<size_t>(r)] = static_cast<int32_t>(r * 29 % 50);
    std::copy_n(all.row(ids[static_cast<size_t>(r)]), kCols + 3, copy.row(r));
  }
  const FloatRows in_order = wide_rows(copy, kCols);
  const FloatRows by_id = {all.data() + 1, kRows, kCols, all.cols(), ids.data()};
  for (const UnitFormat format : formats_here()) {
    SCOPED_TRACE(static_cast<int>(format));
    const int64_t units = format == UnitFormat::kPairs ? (kCols + 1) / 2 : kCols;
    const int64_t deep_units = format == UnitFormat::kPairs ? (kRows + 1) / 2 : kRows;
    Buffer<uint32_t> memory[2];
    EXPECT_EQ(units_of(pack_left(format, by_id, memory[0]), kRows, units),
              units_of(pack_left(format, in_order, memory[1]), kRows, units));
    EXPECT_EQ(units_of(pack_right(format, by_id, memory[0]), deep_units, kCols),
              units_of(pack_right(format, in_order, memory[1]), deep_units, kCols));
    EXPECT_EQ(units_of(pack_right_transposed(format, by_id, memory[0]), units, kRows),
              units_of(pack_right_transposed(format, in_order, memory[1]), units, kRows));
  }
}

}  // namespace
}  // namespace gigahop::ops::cpu
