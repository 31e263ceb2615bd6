#include "ops/cpu/units.h"

#include <algorithm>
#include <cstring>

#include "base/half.h"
#include "ops/cpu/clones.h"
#include "ops/cpu/sgemm.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gigahop::ops::cpu {
namespace {

constexpr int64_t kLanes = 16;

GIGAHOP_INLINE uint32_t unit_of(float x) {
  return std::bit_cast<uint32_t>(x);
}

GIGAHOP_CLONES void round_row(const float* x, uint32_t* units, int64_t n) {
  for (int64_t i = 0; i < n; ++i) units[i] = uint32_t{to_bfloat16(x[i]).bits} << 16;
}

void transpose_plainly(FloatRows x, UnitFormat format, uint32_t* units) {
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t c = 0; c < x.cols; ++c) {
      const float value = x.row(r)[c];
      units[c * x.rows + r] = format == UnitFormat::kFloats ? unit_of(value) : uint32_t{to_bfloat16(value).bits} << 16;
    }
  }
}

#if defined(__x86_64__)

// GCC 12 sees uninitialised values in its own intrinsics.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#define GIGAHOP_WIDE __attribute__((target("arch=x86-64-v4")))
#define GIGAHOP_PAIRS __attribute__((target("arch=x86-64-v4,avx512bf16")))

GIGAHOP_INLINE uint32_t lanes_below(int64_t n) {
  return n >= 32 ? 0xffffffffU : (1U << n) - 1U;
}

/// units [ceil(n / 2)] of the row x [n].
GIGAHOP_PAIRS void pair_row(const float* x, uint32_t* units, int64_t n) {
  for (int64_t i = 0; i < n; i += 2 * kLanes) {
    const uint32_t mask = lanes_below(n - i);
    const __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), x + i);
    const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask >> 16), x + i + kLanes);
    const __m512i pairs = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
    _mm512_mask_storeu_epi32(units + i / 2, static_cast<__mmask16>(lanes_below((n - i + 1) / 2)), pairs);
  }
}

/// units [n]: column c of the rows x and y as one pair; y is null where there is no second row.
GIGAHOP_PAIRS void pair_rows(const float* x, const float* y, uint32_t* units, int64_t n) {
  for (int64_t c = 0; c < n; c += kLanes) {
    const auto mask = static_cast<__mmask16>(lanes_below(n - c));
    const __m512 low = _mm512_maskz_loadu_ps(mask, x + c);
    const __m512 high = y == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask, y + c);
    const __m512i wide_low = _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(low)));
    const __m512i wide_high = _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(high)));
    _mm512_mask_storeu_epi32(units + c, mask, _mm512_or_si512(wide_low, _mm512_slli_epi32(wide_high, 16)));
  }
}

/// Lane j of rows[i] and lane i of rows[j] change places: pairs of rows, then of pairs, then quarters of vectors.
GIGAHOP_WIDE inline void transpose_lanes(__m512i rows[16]) {
  __m512i t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    rows[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    rows[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    rows[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    rows[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const __m512i a = _mm512_shuffle_i32x4(rows[i], rows[4 + i], 0x88);
    const __m512i b = _mm512_shuffle_i32x4(rows[i], rows[4 + i], 0xdd);
    const __m512i c = _mm512_shuffle_i32x4(rows[8 + i], rows[12 + i], 0x88);
    const __m512i d = _mm512_shuffle_i32x4(rows[8 + i], rows[12 + i], 0xdd);
    t[i] = _mm512_shuffle_i32x4(a, c, 0x88);
    t[8 + i] = _mm512_shuffle_i32x4(a, c, 0xdd);
    t[4 + i] = _mm512_shuffle_i32x4(b, d, 0x88);
    t[12 + i] = _mm512_shuffle_i32x4(b, d, 0xdd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) rows[i] = t[i];
}

/// y of x [rows, cols], 32-bit units both, whatever they stand for: y[c * y_stride + r] = x[r, c].
GIGAHOP_WIDE void transpose_units(FloatRows x, uint32_t* y, int64_t y_stride) {
  for (int64_t row = 0; row < x.rows; row += kLanes) {
    const int64_t num_rows = std::min(kLanes, x.rows - row);
    const auto row_mask = static_cast<__mmask16>(lanes_below(num_rows));
    for (int64_t col = 0; col < x.cols; col += kLanes) {
      const int64_t num_cols = std::min(kLanes, x.cols - col);
      const auto col_mask = static_cast<__mmask16>(lanes_below(num_cols));
      __m512i block[16];
#pragma GCC unroll 16
      for (int64_t i = 0; i < kLanes; ++i) {
        block[i] = i < num_rows ? _mm512_maskz_loadu_epi32(col_mask, x.row(row + i) + col) : _mm512_setzero_si512();
      }
      transpose_lanes(block);
#pragma GCC unroll 16
      for (int64_t i = 0; i < kLanes; ++i) {
        if (i < num_cols) _mm512_mask_storeu_epi32(y + (col + i) * y_stride + row, row_mask, block[i]);
      }
    }
  }
}

#pragma GCC diagnostic pop

#undef GIGAHOP_WIDE
#undef GIGAHOP_PAIRS

#else

void pair_row(const float*, uint32_t*, int64_t) {}
void pair_rows(const float*, const float*, uint32_t*, int64_t) {}
void transpose_units(FloatRows, uint32_t*, int64_t) {}

#endif

int64_t units_of(UnitFormat format, int64_t depth) {
  return format == UnitFormat::kPairs ? (depth + 1) / 2 : depth;
}

/// x in order, rounded if `format` says so.
const uint32_t* copy_rows(UnitFormat format, FloatRows x, Buffer<uint32_t>& memory) {
  memory.resize(x.rows * x.cols);
  for (int64_t r = 0; r < x.rows; ++r) {
    uint32_t* target = memory.data() + r * x.cols;
    if (format == UnitFormat::kFloats) {
      std::memcpy(target, x.row(r), static_cast<size_t>(x.cols) * sizeof(float));
    } else {
      round_row(x.row(r), target, x.cols);
    }
  }
  return memory.data();
}

bool is_usable_in_place(UnitFormat format, FloatRows x) {
  return format == UnitFormat::kFloats && x.row_ids == nullptr;
}

const uint32_t* as_units(const float* x) {
  return reinterpret_cast<const uint32_t*>(x);
}

const float* as_floats(const uint32_t* x) {
  return reinterpret_cast<const float*>(x);
}

}  // namespace

UnitFormat unit_format(const Cpu& dev) {
  if (dev.precision == Precision::kFloat32) return UnitFormat::kFloats;
  return has_unit_product(UnitType::kBFloat16Pair) ? UnitFormat::kPairs : UnitFormat::kRoundedFloats;
}

LeftUnits pack_left(UnitFormat format, FloatRows x, Buffer<uint32_t>& memory) {
  if (is_usable_in_place(format, x)) return {as_units(x.data), x.stride, 1};
  if (format != UnitFormat::kPairs) return {copy_rows(format, x, memory), x.cols, 1};
  const int64_t units = units_of(format, x.cols);
  memory.resize(x.rows * units);
  for (int64_t r = 0; r < x.rows; ++r) pair_row(x.row(r), memory.data() + r * units, x.cols);
  return {memory.data(), units, 1};
}

RightUnits pack_right(UnitFormat format, FloatRows x, Buffer<uint32_t>& memory) {
  if (is_usable_in_place(format, x)) return {as_units(x.data), x.stride};
  if (format != UnitFormat::kPairs) return {copy_rows(format, x, memory), x.cols};
  memory.resize(units_of(format, x.rows) * x.cols);
  for (int64_t r = 0; r < x.rows; r += 2) {
    pair_rows(x.row(r), r + 1 < x.rows ? x.row(r + 1) : nullptr, memory.data() + r / 2 * x.cols, x.cols);
  }
  return {memory.data(), x.cols};
}

LeftUnits transposed_left(RightUnits x) {
  return {x.data, 1, x.unit_stride};
}

RightUnits pack_right_transposed(UnitFormat format, FloatRows x, Buffer<uint32_t>& memory) {
  const int64_t units = units_of(format, x.cols);
  if (format == UnitFormat::kPairs) {
    thread_local Buffer<uint32_t> pairs;  // of a few rows
    pairs.resize(kLanes * units);
    memory.resize(units * x.rows);
    for (int64_t row = 0; row < x.rows; row += kLanes) {
      const int64_t num_rows = std::min(kLanes, x.rows - row);
      for (int64_t r = 0; r < num_rows; ++r) pair_row(x.row(row + r), pairs.data() + r * units, x.cols);
      transpose_units({as_floats(pairs.data()), num_rows, units, units}, memory.data() + row, x.rows);
    }
    return {memory.data(), x.rows};
  }
  memory.resize(units * x.rows);
  if (format == UnitFormat::kFloats && has_unit_product(UnitType::kFloat32)) {
    transpose_units(x, memory.data(), x.rows);
  } else {
    transpose_plainly(x, format, memory.data());
  }
  return {memory.data(), x.rows};
}

void multiply_units(UnitFormat format, int64_t m, int64_t n, int64_t depth, LeftUnits a, RightUnits b,
                    Accumulate accumulate, float* c, int64_t c_stride) {
  const UnitType type = format == UnitFormat::kPairs ? UnitType::kBFloat16Pair : UnitType::kFloat32;
  if (has_unit_product(type)) {
    unit_product(type, m, n, units_of(format, depth), a, b, accumulate, c, c_stride);
    return;
  }
  const bool transposed = a.row_stride == 1 && depth > 1;
  sgemm(m, n, depth, 1,
        {as_floats(a.data), transposed ? a.unit_stride : a.row_stride, transposed ? Transpose::kYes : Transpose::kNo},
        {as_floats(b.data), b.unit_stride}, accumulate == Accumulate::kYes ? 1.0F : 0.0F, c, c_stride);
}

}  // namespace gigahop::ops::cpu
