/// Blocks of 32 rows by 32 columns: four tiles of sums, two of a, two of b. A tile holds 16 rows of 16 units.
///
/// Rows and columns beyond the last are left out by the tiles' shapes; units beyond the last are read from copies that
/// zeros fill. A left operand whose rows are not in order is copied too.
#include "ops/cpu/tile_product.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "ops/cpu/transpose.h"
#include "tensor/matrix.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define GIGAHOP_TILES 1
#endif

namespace gigahop::ops::cpu {

#if defined(GIGAHOP_TILES)

namespace {

constexpr int64_t kTile = 16;  // rows, and units in a row
constexpr int64_t kBlock = 2 * kTile;

bool processor_has_tiles() {
  constexpr unsigned kTileBits = (1U << 22) | (1U << 24);  // AMX-BF16, AMX-TILE
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kTileBits) == kTileBits;
}

// GCC 12 does not know that the intrinsics of tiles read memory: an empty asm before them makes it write what it holds.

/// Linux gives the tiles' registers to processes that ask.
bool kernel_gives_tiles() {
  constexpr long kRequestPermission = 0x1023;
  constexpr long kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

/// What ldtilecfg reads.
struct alignas(64) TileShapes {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};

int64_t extent_of_tile(int64_t extent, int64_t tile) {
  return std::clamp<int64_t>(extent - tile * kTile, 0, kTile);
}

/// Tiles 0 to 3 are sums, row by row; 4 and 5 rows of a; 6 and 7 columns of b.
__attribute__((target("amx-tile"))) void shape_tiles(int64_t rows, int64_t cols) {
  TileShapes shapes;
  const auto shape = [&shapes](int64_t tile, int64_t tile_rows, int64_t row_units) {
    if (tile_rows == 0 || row_units == 0) return;
    shapes.rows[tile] = static_cast<uint8_t>(tile_rows);
    shapes.row_bytes[tile] = static_cast<uint16_t>(4 * row_units);
  };
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t j = 0; j < 2; ++j) shape(2 * i + j, extent_of_tile(rows, i), extent_of_tile(cols, j));
    shape(4 + i, extent_of_tile(rows, i), kTile);
    shape(6 + i, kTile, extent_of_tile(cols, i));
  }
  asm volatile("" : : "r"(&shapes) : "memory");
  _tile_loadconfig(&shapes);
}

/// Operands of one block, or of its last units: a is in order, strides are in units.
struct Operands {
  const uint32_t* a;
  int64_t a_stride;
  const uint32_t* b;
  int64_t b_stride;
};

/// sums += a b over 16 units.
template <int RowTiles, int ColTiles>
__attribute__((target("amx-tile,amx-bf16"), always_inline)) inline void add_tiles(const Operands& x) {
  _tile_loadd(6, x.b, 4 * x.b_stride);
  _tile_loadd(4, x.a, 4 * x.a_stride);
  _tile_dpbf16ps(0, 4, 6);
  if constexpr (ColTiles == 2) {
    _tile_loadd(7, x.b + kTile, 4 * x.b_stride);
    _tile_dpbf16ps(1, 4, 7);
  }
  if constexpr (RowTiles == 2) {
    _tile_loadd(5, x.a + kTile * x.a_stride, 4 * x.a_stride);
    _tile_dpbf16ps(2, 5, 6);
    if constexpr (ColTiles == 2) _tile_dpbf16ps(3, 5, 7);
  }
}

struct Block {
  int64_t whole_tiles;  // along the units
  Operands operands;
  const Operands* rest;  // of the last units; null if there are none
  float* c;
  int64_t c_stride;
  Accumulate accumulate;
};

template <int RowTiles, int ColTiles>
__attribute__((target("amx-tile,amx-bf16"))) void run_block(const Block& block) {
  asm volatile("" : : : "memory");
  float* const below = block.c + kTile * block.c_stride;
  const int64_t row_bytes = 4 * block.c_stride;
  if (block.accumulate == Accumulate::kYes) {
    _tile_loadd(0, block.c, row_bytes);
    if constexpr (ColTiles == 2) _tile_loadd(1, block.c + kTile, row_bytes);
    if constexpr (RowTiles == 2) _tile_loadd(2, below, row_bytes);
    if constexpr (RowTiles == 2 && ColTiles == 2) _tile_loadd(3, below + kTile, row_bytes);
  } else {
    _tile_zero(0);
    if constexpr (ColTiles == 2) _tile_zero(1);
    if constexpr (RowTiles == 2) _tile_zero(2);
    if constexpr (RowTiles == 2 && ColTiles == 2) _tile_zero(3);
  }
  Operands x = block.operands;
  for (int64_t tile = 0; tile < block.whole_tiles; ++tile) {
    add_tiles<RowTiles, ColTiles>(x);
    x.a += kTile;
    x.b += kTile * x.b_stride;
  }
  if (block.rest != nullptr) add_tiles<RowTiles, ColTiles>(*block.rest);
  _tile_stored(0, block.c, row_bytes);
  if constexpr (ColTiles == 2) _tile_stored(1, block.c + kTile, row_bytes);
  if constexpr (RowTiles == 2) _tile_stored(2, below, row_bytes);
  if constexpr (RowTiles == 2 && ColTiles == 2) _tile_stored(3, below + kTile, row_bytes);
}

using RunBlock = void (*)(const Block&);
/// By tiles of rows - 1 and of columns - 1.
constexpr RunBlock kBlocks[2][2] = {{run_block<1, 1>, run_block<1, 2>}, {run_block<2, 1>, run_block<2, 2>}};

/// Blocks that begin at first, first + step, ... and have `step` rows or columns.
struct Range {
  int64_t first;
  int64_t last;
  int64_t step;
};

__attribute__((target("amx-tile"))) void release_tiles() {
  _tile_release();
}

/// Rows [0, m) of the units from `first` on, in order, `kTile` or more of them a row, zero beyond the last.
const uint32_t* copy_left(LeftUnits a, int64_t m, int64_t first, int64_t num_units, int64_t stride,
                          Buffer<uint32_t>& memory) {
  memory.resize(m * stride);
  const uint32_t* source = a.data + first * a.unit_stride;
  if (a.unit_stride != 1) {
    transpose_units({reinterpret_cast<const float*>(source), num_units, m, a.unit_stride}, memory.data(), stride);
  }
  for (int64_t r = 0; r < m; ++r) {
    uint32_t* row = memory.data() + r * stride;
    if (a.unit_stride == 1) std::memcpy(row, source + r * a.row_stride, static_cast<size_t>(num_units) * 4);
    std::fill(row + num_units, row + stride, 0U);
  }
  return memory.data();
}

/// The last units of b, zero beyond them.
const uint32_t* copy_right(RightUnits b, int64_t n, int64_t first, int64_t num_units, Buffer<uint32_t>& memory) {
  memory.resize(kTile * n);
  for (int64_t u = 0; u < kTile; ++u) {
    uint32_t* row = memory.data() + u * n;
    if (u < num_units) {
      std::memcpy(row, b.data + (first + u) * b.unit_stride, static_cast<size_t>(n) * 4);
    } else {
      std::fill_n(row, n, 0U);
    }
  }
  return memory.data();
}

}  // namespace

bool has_tile_product() {
  static const bool has = processor_has_tiles() && kernel_gives_tiles();
  return has;
}

void tile_product(int64_t m, int64_t n, int64_t num_units, LeftUnits a, RightUnits b, Accumulate accumulate, float* c,
                  int64_t c_stride) {
  thread_local Buffer<uint32_t> left_memory;
  thread_local Buffer<uint32_t> right_memory;
  const int64_t whole_tiles = num_units / kTile;
  const int64_t whole_units = whole_tiles * kTile;
  const int64_t rest_units = num_units - whole_units;
  if (a.unit_stride != 1) {
    const int64_t stride = whole_units + (rest_units > 0 ? kTile : 0);
    a = {copy_left(a, m, 0, num_units, stride, left_memory), stride, 1};
  }
  Operands all_rest = {a.data + whole_units, a.row_stride, nullptr, n};
  if (rest_units > 0) {
    all_rest.b = copy_right(b, n, whole_units, rest_units, right_memory);
    if (a.data != left_memory.data()) {
      all_rest.a = copy_left(a, m, whole_units, rest_units, kTile, left_memory);
      all_rest.a_stride = kTile;
    }
  }
  // Whole blocks first, then those of the last rows, the last columns, and the last of both: tiles take shape four
  // times.
  const Range row_ranges[] = {{0, m / kBlock * kBlock, kBlock}, {m / kBlock * kBlock, m, m % kBlock}};
  const Range col_ranges[] = {{0, n / kBlock * kBlock, kBlock}, {n / kBlock * kBlock, n, n % kBlock}};
  for (const Range& cols : col_ranges) {
    for (const Range& rows : row_ranges) {
      if (rows.first == rows.last || cols.first == cols.last) continue;
      shape_tiles(rows.step, cols.step);
      const RunBlock run = kBlocks[(rows.step - 1) / kTile][(cols.step - 1) / kTile];
      for (int64_t col = cols.first; col < cols.last; col += cols.step) {
        for (int64_t row = rows.first; row < rows.last; row += rows.step) {
          Operands rest = all_rest;
          rest.a += row * rest.a_stride;
          rest.b += col;
          run({.whole_tiles = whole_tiles,
               .operands = {a.data + row * a.row_stride, a.row_stride, b.data + col, b.unit_stride},
               .rest = rest_units > 0 ? &rest : nullptr,
               .c = c + row * c_stride + col,
               .c_stride = c_stride,
               .accumulate = accumulate});
        }
      }
    }
  }
  release_tiles();
}

#else

bool has_tile_product() {
  return false;
}

void tile_product(int64_t, int64_t, int64_t, LeftUnits, RightUnits, Accumulate, float*, int64_t) {
  require(false, "tile_product runs where has_tile_product says so");
}

#endif

}  // namespace gigahop::ops::cpu
