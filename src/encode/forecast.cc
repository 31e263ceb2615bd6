#include <algorithm>

#include "array/dtype.h"
#include "base/error.h"
#include "encode/block_width.h"
#include "encode/encode.h"
#include "encode/propagation.h"

namespace gigahop::encode {
namespace {

struct Counts {
  int64_t owned = 0;
  int64_t halo = 0;
  int64_t edges = 0;
};

/// Structure of the LocalGraph, plan of the exchange, scales: everything but blocks of columns.
int64_t structure_bytes(const Counts& counts) {
  constexpr int64_t kPerOwned = 8 + 8 + 8 + 8;       // row offset, original id, label, scale
  constexpr int64_t kPerHalo = 8 + 4 + 8 + 12 + 16;  // id, degree, scale, wanted and sent rows, places
  constexpr int64_t kPerEdge = 4;
  return counts.owned * kPerOwned + counts.halo * kPerHalo + counts.edges * kPerEdge;
}

}  // namespace

EncodeForecast forecast_encode(const proto::Partition& partition, std::span<const int32_t> rank_of_part, int num_ranks,
                               const EncodeOptions& options) {
  require(static_cast<int>(rank_of_part.size()) == partition.num_parts(), "every part has a rank");
  std::vector<Counts> counts(static_cast<size_t>(num_ranks));
  for (int part = 0; part < partition.num_parts(); ++part) {
    Counts& mine = counts.at(static_cast<size_t>(rank_of_part[part]));
    mine.owned += partition.parts(part).num_owned();
    mine.halo += partition.parts(part).num_halo();
    mine.edges += partition.parts(part).num_edges();
  }
  const bool from_file = options.positional == EncodeOptions::Positional::kFile;
  const int64_t positional_width = from_file ? partition.positional_width() : options.positional_width;
  const int64_t widest = std::max<int64_t>(partition.feature_width(), positional_width);
  int64_t most_rows = 0;
  for (const Counts& mine : counts) most_rows = std::max(most_rows, block_rows(mine.owned, mine.halo));
  const int64_t columns = block_width(most_rows, options.block_bytes, widest);

  const auto powers = static_cast<int64_t>(std::max<size_t>(options.fastrp_weights.size(), kDefaultPowers));
  EncodeForecast forecast;
  for (const Counts& mine : counts) {
    const int64_t blocks = block_rows(mine.owned, mine.halo) * columns * static_cast<int64_t>(sizeof(float));
    const int64_t norms = mine.owned * powers * static_cast<int64_t>(sizeof(double));
    forecast.memory_bytes.push_back(structure_bytes(mine) + blocks + norms + (num_ranks > 1 ? kExchangeBytes : 0));
  }
  const int64_t token_bytes = 3 * partition.feature_width() * array::bytes_of(options.token_dtype);
  forecast.disk_bytes = partition.num_nodes() * (token_bytes + positional_width * static_cast<int64_t>(sizeof(float)));
  return forecast;
}

}  // namespace gigahop::encode
