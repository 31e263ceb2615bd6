#include "ops/cpu/transpose.h"

#include <algorithm>

#include "base/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gigahop::ops::cpu {

#if defined(__x86_64__)

// GCC 12 sees uninitialised values in its own intrinsics.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#define GIGAHOP_WIDE __attribute__((target("arch=x86-64-v4")))

namespace {

constexpr int64_t kLanes = 16;

constexpr uint32_t lanes_below(int64_t n) {
  return n >= kLanes ? 0xffffU : (1U << n) - 1U;
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

}  // namespace

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

#else

void transpose_units(FloatRows, uint32_t*, int64_t) {
  require(false, "transpose_units runs where has_unit_product says so");
}

#endif

}  // namespace gigahop::ops::cpu
