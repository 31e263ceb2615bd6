/// Register blocks of 6 rows by 64 columns: 24 sums, 4 vectors of b, and a's units broadcast from memory.
#include "ops/cpu/unit_product.h"

#include <algorithm>

#include "base/error.h"
#include "ops/cpu/tile_product.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gigahop::ops::cpu {

#if defined(__x86_64__)

namespace {

constexpr int kBlockRows = 6;
constexpr int kBlockVectors = 4;
constexpr int64_t kLanes = 16;

struct Block {
  int64_t num_units;
  LeftUnits a;
  RightUnits b;
  float* c;
  int64_t c_stride;
  uint16_t last_mask;  // lanes of the last vector
  Accumulate accumulate;
};

/// acc += a b, element by element of 16 units.
struct FloatUnits {
  __attribute__((target("arch=x86-64-v4"), always_inline)) static inline __m512 add(__m512 sum, __m512i a, __m512i b) {
    return _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum);
  }
};

struct PairUnits {
  __attribute__((target("arch=x86-64-v4,avx512bf16"), always_inline)) static inline __m512 add(__m512 sum, __m512i a,
                                                                                               __m512i b) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }
};

#define GIGAHOP_BLOCK(Name, Target, Units)                                                                             \
  template <int Rows, int Vectors>                                                                                     \
  __attribute__((target(Target))) void Name(const Block& block) {                                                      \
    __m512 sums[Rows][Vectors];                                                                                        \
    _Pragma("GCC unroll 8") for (int r = 0; r < Rows; ++r) {                                                           \
      _Pragma("GCC unroll 4") for (int v = 0; v < Vectors; ++v) {                                                      \
        const __mmask16 mask = v + 1 == Vectors ? block.last_mask : uint16_t{0xffff};                                  \
        sums[r][v] = block.accumulate == Accumulate::kYes                                                              \
                         ? _mm512_maskz_loadu_ps(mask, block.c + r * block.c_stride + v * kLanes)                      \
                         : _mm512_setzero_ps();                                                                        \
      }                                                                                                                \
    }                                                                                                                  \
    const uint32_t* a = block.a.data;                                                                                  \
    const uint32_t* b = block.b.data;                                                                                  \
    for (int64_t u = 0; u < block.num_units; ++u) {                                                                    \
      __m512i right[Vectors];                                                                                          \
      _Pragma("GCC unroll 4") for (int v = 0; v + 1 < Vectors; ++v) right[v] = _mm512_loadu_si512(b + v * kLanes);     \
      right[Vectors - 1] = _mm512_maskz_loadu_epi32(block.last_mask, b + (Vectors - 1) * kLanes);                      \
      _Pragma("GCC unroll 8") for (int r = 0; r < Rows; ++r) {                                                         \
        const __m512i left = _mm512_set1_epi32(static_cast<int>(a[r * block.a.row_stride]));                           \
        _Pragma("GCC unroll 4") for (int v = 0; v < Vectors; ++v) sums[r][v] = Units::add(sums[r][v], left, right[v]); \
      }                                                                                                                \
      a += block.a.unit_stride;                                                                                        \
      b += block.b.unit_stride;                                                                                        \
    }                                                                                                                  \
    _Pragma("GCC unroll 8") for (int r = 0; r < Rows; ++r) {                                                           \
      _Pragma("GCC unroll 4") for (int v = 0; v < Vectors; ++v) {                                                      \
        const __mmask16 mask = v + 1 == Vectors ? block.last_mask : uint16_t{0xffff};                                  \
        _mm512_mask_storeu_ps(block.c + r * block.c_stride + v * kLanes, mask, sums[r][v]);                            \
      }                                                                                                                \
    }                                                                                                                  \
  }

GIGAHOP_BLOCK(float_block, "arch=x86-64-v4", FloatUnits)
GIGAHOP_BLOCK(pair_block, "arch=x86-64-v4,avx512bf16", PairUnits)

#undef GIGAHOP_BLOCK

using RunBlock = void (*)(const Block&);

/// By rows - 1 and vectors - 1.
constexpr RunBlock kFloatBlocks[kBlockRows][kBlockVectors] = {
    {float_block<1, 1>, float_block<1, 2>, float_block<1, 3>, float_block<1, 4>},
    {float_block<2, 1>, float_block<2, 2>, float_block<2, 3>, float_block<2, 4>},
    {float_block<3, 1>, float_block<3, 2>, float_block<3, 3>, float_block<3, 4>},
    {float_block<4, 1>, float_block<4, 2>, float_block<4, 3>, float_block<4, 4>},
    {float_block<5, 1>, float_block<5, 2>, float_block<5, 3>, float_block<5, 4>},
    {float_block<6, 1>, float_block<6, 2>, float_block<6, 3>, float_block<6, 4>}};
constexpr RunBlock kPairBlocks[kBlockRows][kBlockVectors] = {
    {pair_block<1, 1>, pair_block<1, 2>, pair_block<1, 3>, pair_block<1, 4>},
    {pair_block<2, 1>, pair_block<2, 2>, pair_block<2, 3>, pair_block<2, 4>},
    {pair_block<3, 1>, pair_block<3, 2>, pair_block<3, 3>, pair_block<3, 4>},
    {pair_block<4, 1>, pair_block<4, 2>, pair_block<4, 3>, pair_block<4, 4>},
    {pair_block<5, 1>, pair_block<5, 2>, pair_block<5, 3>, pair_block<5, 4>},
    {pair_block<6, 1>, pair_block<6, 2>, pair_block<6, 3>, pair_block<6, 4>}};

}  // namespace

bool has_unit_product(UnitType type) {
  static const bool has_float = __builtin_cpu_supports("x86-64-v4") != 0;
  static const bool has_pairs = has_float && __builtin_cpu_supports("avx512bf16") != 0;
  return type == UnitType::kFloat32 ? has_float : has_pairs;
}

void unit_product(UnitType type, int64_t m, int64_t n, int64_t num_units, LeftUnits a, RightUnits b,
                  Accumulate accumulate, float* c, int64_t c_stride) {
  if (type == UnitType::kBFloat16Pair && has_tile_product()) {
    tile_product(m, n, num_units, a, b, accumulate, c, c_stride);
    return;
  }
  const auto& blocks = type == UnitType::kFloat32 ? kFloatBlocks : kPairBlocks;
  constexpr int64_t kBlockCols = kBlockVectors * kLanes;
  for (int64_t col = 0; col < n; col += kBlockCols) {
    const int64_t cols = std::min(kBlockCols, n - col);
    const int64_t vectors = (cols + kLanes - 1) / kLanes;
    const auto last_mask = static_cast<uint16_t>((1U << (cols - (vectors - 1) * kLanes)) - 1U);
    for (int64_t row = 0; row < m; row += kBlockRows) {
      const int64_t rows = std::min<int64_t>(kBlockRows, m - row);
      blocks[rows - 1][vectors - 1]({num_units,
                                     {a.data + row * a.row_stride, a.row_stride, a.unit_stride},
                                     {b.data + col, b.unit_stride},
                                     c + row * c_stride + col,
                                     c_stride,
                                     last_mask,
                                     accumulate});
    }
  }
}

#else

bool has_unit_product(UnitType) {
  return false;
}

void unit_product(UnitType, int64_t, int64_t, int64_t, LeftUnits, RightUnits, Accumulate, float*, int64_t) {
  require(false, "unit_product runs where has_unit_product says so");
}

#endif

}  // namespace gigahop::ops::cpu
