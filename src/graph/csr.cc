#include "graph/csr.h"

#include <algorithm>

#include "base/error.h"

namespace gigahop::graph {

Csr<int64_t> build_csr(std::vector<std::pair<int64_t, int64_t>>& pairs, int64_t first_row, int64_t num_rows) {
  std::sort(pairs.begin(), pairs.end());
  require(pairs.empty() || (pairs.front().first >= first_row && pairs.back().first < first_row + num_rows),
          "every source is one of the rows");
  Csr<int64_t> csr;
  csr.row_offsets.assign(static_cast<size_t>(num_rows) + 1, 0);
  csr.column_ids.reserve(pairs.size());
  const std::pair<int64_t, int64_t>* last = nullptr;
  for (const auto& pair : pairs) {
    const bool keep = pair.first != pair.second && (last == nullptr || *last != pair);
    last = &pair;
    if (!keep) continue;
    csr.column_ids.push_back(pair.second);
    ++csr.row_offsets[static_cast<size_t>(pair.first - first_row) + 1];
  }
  for (size_t row = 0; row < static_cast<size_t>(num_rows); ++row) csr.row_offsets[row + 1] += csr.row_offsets[row];
  return csr;
}

}  // namespace gigahop::graph
