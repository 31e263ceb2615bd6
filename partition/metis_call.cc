#include "partition/metis_call.h"

#include <metis.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>

#include "base/error.h"
#include "base/random.h"

namespace gigahop::partition {
namespace {

static_assert(sizeof(idx_t) == sizeof(int32_t), "gigahop is built against METIS with 32-bit indices");

/// METIS adds weights up in 32 bits, at times those of two parts or levels together.
constexpr int64_t kLargestTotal = 1000000000;
/// METIS wants more than 1; and where one part may carry everything there is no constraint left.
constexpr double kTightest = 1.001;
constexpr double kLoosest = 1000;

int64_t total_of_column(std::span<const int64_t> weights, int width, int column) {
  int64_t total = 0;
  for (size_t i = static_cast<size_t>(column); i < weights.size(); i += static_cast<size_t>(width)) total += weights[i];
  return total;
}

/// Column `column` of weights [n, width], none above `heaviest`, divided so that the total fits; what was above zero
/// stays so.
void scale_column(std::span<const int64_t> weights, int width, int column, int64_t heaviest, std::span<idx_t> scaled) {
  const int64_t total = total_of_column(weights, width, column);
  const double factor = total > kLargestTotal ? static_cast<double>(kLargestTotal) / static_cast<double>(total) : 1.0;
  for (size_t i = static_cast<size_t>(column); i < weights.size(); i += static_cast<size_t>(width)) {
    const double value = std::floor(static_cast<double>(std::min(weights[i], heaviest)) * factor);
    scaled[i] = weights[i] == 0 ? 0 : std::max<idx_t>(1, static_cast<idx_t>(value));
  }
}

std::vector<idx_t> scale_nodes(const SerialGraph& graph, int num_parts) {
  std::vector<idx_t> scaled(graph.node_weights.size());
  for (int c = 0; c < graph.num_constraints; ++c) {
    const int64_t total = total_of_column(graph.node_weights, graph.num_constraints, c);
    const int64_t heaviest = std::max<int64_t>(1, total / (2 * int64_t{num_parts}));
    scale_column(graph.node_weights, graph.num_constraints, c, heaviest, scaled);
  }
  return scaled;
}

std::vector<idx_t> scale_edges(const SerialGraph& graph) {
  std::vector<idx_t> scaled(graph.edge_weights.size());
  scale_column(graph.edge_weights, 1, 0, INT64_MAX, scaled);
  return scaled;
}

/// [C] what METIS is to allow as the heaviest part over the average.
std::vector<real_t> allowed_excess(const SerialGraph& graph, const PartLimits& limits) {
  std::vector<real_t> allowed;
  for (int c = 0; c < graph.num_constraints; ++c) {
    const auto total =
        static_cast<double>(std::max<int64_t>(1, total_of_column(graph.node_weights, graph.num_constraints, c)));
    const double excess = static_cast<double>(limits.limits[static_cast<size_t>(c)]) * limits.num_parts / total;
    allowed.push_back(static_cast<real_t>(std::clamp(excess, kTightest, kLoosest)));
  }
  return allowed;
}

/// METIS tells its own thread by SIGTERM that it failed, and where that is blocked (base/stop_signal.h) goes on: takes
/// the signal back.
bool has_told_itself_of_failure() {
  sigset_t only = {};
  sigemptyset(&only);
  sigaddset(&only, SIGTERM);
  siginfo_t sent = {};
  const timespec now = {};
  if (sigtimedwait(&only, &sent, &now) != SIGTERM) return false;
  if (sent.si_pid == getpid()) return true;
  kill(getpid(), SIGTERM);  // from outside, at this very moment
  return false;
}

}  // namespace

std::optional<std::vector<int32_t>> call_metis(const SerialGraph& graph, const PartLimits& limits, uint64_t seed) {
  const int num_parts = limits.num_parts;
  require(num_parts > 1 && num_parts < graph.num_nodes(), "METIS is asked for fewer parts than there are nodes");
  auto num_nodes = static_cast<idx_t>(graph.num_nodes());
  auto num_constraints = static_cast<idx_t>(graph.num_constraints);
  idx_t parts_wanted = num_parts;
  std::vector<idx_t> node_weights = scale_nodes(graph, num_parts);
  std::vector<idx_t> edge_weights = scale_edges(graph);
  std::vector<real_t> allowed = allowed_excess(graph, limits);
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
  const bool has_failed = has_told_itself_of_failure() || code != METIS_OK;
  if (code == METIS_ERROR_MEMORY) {
    throw Error(ErrorKind::kData, "METIS ran out of memory; use a machine with more, or partition.method=HASH");
  }
  if (has_failed) return std::nullopt;
  return parts;
}

}  // namespace gigahop::partition
