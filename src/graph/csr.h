/// Compressed sparse rows: neighbours of row r are column_ids[row_offsets[r] .. row_offsets[r + 1]), ascending.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace gigahop::graph {

template <class Column>
struct CsrView {
  std::span<const int64_t> row_offsets;  // [rows + 1]
  std::span<const Column> column_ids;

  int64_t num_rows() const { return static_cast<int64_t>(row_offsets.size()) - 1; }
  int64_t degree(int64_t row) const { return row_offsets[row + 1] - row_offsets[row]; }
  std::span<const Column> neighbours(int64_t row) const {
    return column_ids.subspan(static_cast<size_t>(row_offsets[row]), static_cast<size_t>(degree(row)));
  }
};

template <class Column>
struct Csr {
  std::vector<int64_t> row_offsets;
  std::vector<Column> column_ids;

  CsrView<Column> view() const { return {row_offsets, column_ids}; }
};

/// One row per number in [first_row, first_row + num_rows), from (source, target) pairs in any order.
/// Self-loops and duplicates are dropped; columns ascend. `pairs` is sorted in place. Pure.
Csr<int64_t> build_csr(std::vector<std::pair<int64_t, int64_t>>& pairs, int64_t first_row, int64_t num_rows);

}  // namespace gigahop::graph
