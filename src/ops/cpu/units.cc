#include "ops/cpu/units.h"

#include <algorithm>
#include <cstring>

#include "base/half.h"
#include "ops/cpu/clones.h"
#include "ops/cpu/sgemm.h"
#include "ops/cpu/tile_product.h"
#include "ops/cpu/transpose.h"

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

#pragma GCC diagnostic pop

#undef GIGAHOP_PAIRS

#else

void pair_row(const float*, uint32_t*, int64_t) {}
void pair_rows(const float*, const float*, uint32_t*, int64_t) {}

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

int64_t left_bytes(UnitFormat format, int64_t rows, int64_t depth) {
  const int64_t units = units_of(format, depth);
  // Tiles want the units of a row in order, and whole tiles of them.
  const int64_t copied = format == UnitFormat::kPairs && has_tile_product() ? units + kLanes : 0;
  return 4 * rows * (units + copied);
}

int64_t right_bytes(UnitFormat format, int64_t cols, int64_t depth) {
  const int64_t units = units_of(format, depth);
  if (format != UnitFormat::kPairs) return 4 * cols * units;
  // A few rows before they are transposed, and the last tile.
  return 4 * (cols * units + kLanes * units + (has_tile_product() ? cols * kLanes : 0));
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
