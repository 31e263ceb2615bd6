#include "partition/metis_call.h"

#include <metis.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"

namespace gigahop::partition {
namespace {

static_assert(sizeof(idx_t) == sizeof(int32_t), "gigahop is built against METIS with 32-bit indices");

/// METIS adds weights up in 32 bits, at times those of two parts or levels together.
constexpr int64_t kLargestTotal = 1000000000;

/// Column `column` of weights [n, width] divided so that the total fits; what was above zero stays so.
void scale_column(std::span<const int64_t> weights, int width, int column, std::span<idx_t> scaled) {
  int64_t total = 0;
  for (size_t i = static_cast<size_t>(column); i < weights.size(); i += static_cast<size_t>(width)) total += weights[i];
  const double factor = total > kLargestTotal ? static_cast<double>(kLargestTotal) / static_cast<double>(total) : 1.0;
  for (size_t i = static_cast<size_t>(column); i < weights.size(); i += static_cast<size_t>(width)) {
    const double value = std::floor(static_cast<double>(weights[i]) * factor);
    scaled[i] = weights[i] == 0 ? 0 : std::max<idx_t>(1, static_cast<idx_t>(value));
  }
}

std::vector<idx_t> scale(std::span<const int64_t> weights, int width) {
  std::vector<idx_t> scaled(weights.size());
  for (int column = 0; column < width; ++column) scale_column(weights, width, column, scaled);
  return scaled;
}

}  // namespace

std::optional<std::vector<int32_t>> call_metis(const SerialGraph& graph, int num_parts, double imbalance,
                                               uint64_t seed) {
  require(num_parts > 1 && num_parts < graph.num_nodes(), "METIS is asked for fewer parts than there are nodes");
  auto num_nodes = static_cast<idx_t>(graph.num_nodes());
  auto num_constraints = static_cast<idx_t>(graph.num_constraints);
  idx_t parts_wanted = num_parts;
  std::vector<idx_t> node_weights = scale(graph.node_weights, graph.num_constraints);
  std::vector<idx_t> edge_weights = scale(graph.edge_weights, 1);
  std::vector<real_t> allowed(static_cast<size_t>(graph.num_constraints), static_cast<real_t>(1.0 + imbalance));
  std::vector<idx_t> options(METIS_NOPTIONS);
  METIS_SetDefaultOptions(options.data());
  options[METIS_OPTION_SEED] = static_cast<idx_t>(random_words({seed}, Purpose::kPartition, 0, 0, 0)[0] & 0x7fffffffU);
  options[METIS_OPTION_NUMBERING] = 0;

  idx_t no_edges = 0;
  auto* columns = graph.column_ids.empty() ? &no_edges : const_cast<idx_t*>(graph.column_ids.data());
  std::vector<int32_t> parts(static_cast<size_t>(num_nodes));
  idx_t cut = 0;
  const int code =
      METIS_PartGraphKway(&num_nodes, &num_constraints, const_cast<idx_t*>(graph.row_offsets.data()), columns,
                          node_weights.data(), nullptr, edge_weights.empty() ? nullptr : edge_weights.data(),
                          &parts_wanted, nullptr, allowed.data(), options.data(), &cut, parts.data());
  if (code == METIS_ERROR_MEMORY) {
    throw Error(ErrorKind::kData, "METIS ran out of memory; use a machine with more, or partition.method=HASH");
  }
  if (code != METIS_OK) return std::nullopt;
  return parts;
}

}  // namespace gigahop::partition
