#include "partition/multilevel/coarsest.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/random.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/exchange.h"
#include "partition/multilevel/part_state.h"
#include "partition/rebalance.h"
#include "partition/serial_partition.h"

namespace gigahop::partition {
namespace {

/// METIS needs a second for one or two million entries: attempts are as many as fit in a few seconds.
constexpr int64_t kEntriesOfAllAttempts = 3'000'000;
constexpr int64_t kMaxAttempts = 3;
constexpr int kNumScales = 32;  // powers of two of an edge's weight

/// Which edges METIS sees: all heavier than a power of two, and of those about that heavy a share.
struct Sieve {
  int scale = 0;
  double share = 1;

  bool keeps(int64_t u, int64_t v, int64_t weight) const {
    const int own = std::bit_width(static_cast<uint64_t>(weight));
    if (own != scale) return own > scale;
    const auto low = static_cast<uint64_t>(std::min(u, v));
    const auto high = static_cast<uint64_t>(std::max(u, v));
    return static_cast<double>(scatter(low ^ scatter(high + 1)) >> 11) * 0x1p-53 < share;
  }
};

Sieve make_sieve(const comm::Communicator& comm, const DistributedGraph& graph, int64_t max_entries) {
  std::vector<int64_t> counts(kNumScales + 1);
  for (size_t entry = 0; entry < graph.column_ids.size(); ++entry) {
    ++counts[static_cast<size_t>(
        std::bit_width(static_cast<uint64_t>(graph.edge_weight(static_cast<int64_t>(entry)))))];
  }
  comm::all_reduce_sum(comm, std::span(counts));
  int64_t left = max_entries;
  for (int scale = kNumScales; scale > 0; --scale) {
    const int64_t count = counts[static_cast<size_t>(scale)];
    if (count > left) return {.scale = scale, .share = static_cast<double>(left) / static_cast<double>(count)};
    left -= count;
  }
  return {};
}

/// Sends `mine` to every rank of `receivers`; these get all ranks' values in rank order, others nothing.
template <class T>
std::vector<T> gather_on(const comm::Communicator& comm, std::span<const int> receivers, const std::vector<T>& mine) {
  std::vector<std::span<const T>> messages(static_cast<size_t>(comm.size()));
  for (const int receiver : receivers) messages[receiver] = mine;
  comm::ReceivedValues<T> received;
  comm::all_to_all_into<T>(comm, messages, received);
  return std::move(received.values);
}

int count_attempts(int64_t num_entries) {
  return static_cast<int>(
      std::clamp<int64_t>(kEntriesOfAllAttempts / std::max<int64_t>(1, num_entries), 1, kMaxAttempts));
}

/// The first rank of each host, on no more hosts than there are attempts to make.
std::vector<int> attempting_ranks(const comm::Communicator& comm, int64_t num_entries) {
  const int64_t is_first_on_host = comm.rank_on_host() == 0 ? 1 : 0;
  const std::vector<int64_t> firsts = comm::all_gather_varied(comm, std::span(&is_first_on_host, 1));
  std::vector<int> ranks;
  for (int rank = 0; rank < comm.size(); ++rank) {
    if (firsts[rank] != 0 && static_cast<int>(ranks.size()) < count_attempts(num_entries)) ranks.push_back(rank);
  }
  return ranks;
}

/// Consecutive numbers for the nodes of a level that have edges; the others stay out of the gathered graph.
struct Connected {
  std::vector<int64_t> offsets;  // [R + 1] how many lower ranks have
  std::vector<int64_t> numbers;  // [local]; -1 for isolated nodes
};

Connected number_connected(const comm::Communicator& comm, const LevelView& level) {
  const DistributedGraph& graph = level.graph;
  Connected connected{.offsets = {0}, .numbers = std::vector<int64_t>(static_cast<size_t>(graph.num_local()), -1)};
  const int64_t count = level.num_connected();
  for (const int64_t theirs : comm::all_gather_varied(comm, std::span<const int64_t>(&count, 1))) {
    connected.offsets.push_back(connected.offsets.back() + theirs);
  }
  int64_t next = connected.offsets[static_cast<size_t>(comm.rank())];
  for (int64_t row = 0; row < graph.num_owned(); ++row) {
    if (!level.is_isolated(row)) connected.numbers[static_cast<size_t>(row)] = next++;
  }
  const auto numbers = std::span(connected.numbers);
  const auto owned = static_cast<size_t>(graph.num_owned());
  exchange_halo(comm, graph, std::span<const int64_t>(numbers.first(owned)), numbers.subspan(owned));
  return connected;
}

/// One rank's rows of the gathered graph.
struct GatheredRows {
  std::vector<int32_t> degrees;
  std::vector<int32_t> columns;
  std::vector<int64_t> edge_weights;
  std::vector<int64_t> node_weights;  // [rows, C]
};

GatheredRows sieve_rows(const LevelView& level, const Connected& connected, const Sieve& sieve) {
  const DistributedGraph& graph = level.graph;
  GatheredRows rows;
  for (int64_t row = 0; row < graph.num_owned(); ++row) {
    if (level.is_isolated(row)) continue;
    const size_t before = rows.columns.size();
    const int64_t node = connected.numbers[static_cast<size_t>(row)];
    for (int64_t entry = graph.row_offsets[row]; entry < graph.row_offsets[row + 1]; ++entry) {
      const int64_t column = connected.numbers[static_cast<size_t>(graph.column_ids[entry])];
      if (!sieve.keeps(node, column, graph.edge_weight(entry))) continue;
      rows.columns.push_back(static_cast<int32_t>(column));
      rows.edge_weights.push_back(graph.edge_weight(entry));
    }
    rows.degrees.push_back(static_cast<int32_t>(rows.columns.size() - before));
    const auto weights = level.weights(row);
    rows.node_weights.insert(rows.node_weights.end(), weights.begin(), weights.end());
  }
  return rows;
}

/// The connected nodes of the level, on the ranks that attempt it.
SerialGraph gather_level(const comm::Communicator& comm, std::span<const int> receivers, const LevelView& level,
                         const Connected& connected, int64_t max_entries) {
  const Sieve sieve = make_sieve(comm, level.graph, max_entries);
  GatheredRows rows;
  comm::agree(comm, [&] {
    if (connected.offsets.back() > INT32_MAX) {
      throw data_error("partition", "a graph that coarsens to at most 2^31-1 nodes",
                       with_commas(connected.offsets.back()), "use fewer parts or a larger imbalance");
    }
    rows = sieve_rows(level, connected, sieve);
  });
  SerialGraph whole;
  whole.num_constraints = level.num_constraints;
  whole.column_ids = gather_on(comm, receivers, rows.columns);
  whole.edge_weights = gather_on(comm, receivers, rows.edge_weights);
  whole.node_weights = gather_on(comm, receivers, rows.node_weights);
  for (const int32_t degree : gather_on(comm, receivers, rows.degrees)) {
    whole.row_offsets.push_back(whole.row_offsets.back() + degree);
  }
  return whole;
}

struct Attempt {
  double overload = 0;
  int64_t cut = 0;
  int32_t number = 0;
  int32_t rank = 0;

  bool operator<(const Attempt& other) const {
    if (overload != other.overload) return overload < other.overload;
    return cut != other.cut ? cut < other.cut : number < other.number;
  }
};

int64_t cut_of(const SerialGraph& graph, std::span<const int32_t> parts) {
  int64_t cut = 0;
  for (int64_t node = 0; node < graph.num_nodes(); ++node) {
    for (int64_t entry = graph.row_offsets[node]; entry < graph.row_offsets[node + 1]; ++entry) {
      if (parts[node] != parts[graph.column_ids[entry]]) cut += graph.edge_weight(entry);
    }
  }
  return cut / 2;
}

/// The best of this rank's attempts; nothing if it has none.
struct Best {
  std::optional<Attempt> attempt;
  std::vector<int32_t> parts;
};

Best make_attempts(const SerialGraph& graph, const PartLimits& limits, uint64_t seed, int first, int step, int rank) {
  const int num_attempts = count_attempts(static_cast<int64_t>(graph.column_ids.size()));
  Best best;
  for (int number = first; number < num_attempts; number += step) {
    std::vector<int32_t> parts = partition_serially(graph, limits, seed + static_cast<uint64_t>(number));
    const double worst = PartLoads(graph, limits, parts).worst();
    const Attempt attempt{
        .overload = std::max(1.0, worst), .cut = cut_of(graph, parts), .number = number, .rank = rank};
    log_debug("coarsest level, attempt {}: overload {:.3f}, cut {}", number, attempt.overload, attempt.cut);
    if (best.attempt.has_value() && !(attempt < *best.attempt)) continue;
    best.attempt = attempt;
    best.parts = std::move(parts);
  }
  return best;
}

}  // namespace

std::vector<int32_t> partition_coarsest(const comm::Communicator& comm, const LevelView& level,
                                        const PartLimits& limits, const CoarsestOptions& options) {
  const int64_t num_entries = comm::sum_over_ranks(comm, static_cast<int64_t>(level.graph.column_ids.size()));
  const std::vector<int> attempting = attempting_ranks(comm, std::min(num_entries, options.max_entries));
  const auto place = std::find(attempting.begin(), attempting.end(), comm.rank()) - attempting.begin();
  Best best;
  const Connected connected = number_connected(comm, level);
  const SerialGraph whole = gather_level(comm, attempting, level, connected, options.max_entries);
  comm::agree(comm, [&] {
    if (place == static_cast<int64_t>(attempting.size())) return;
    best = make_attempts(whole, limits, options.seed, static_cast<int>(place), static_cast<int>(attempting.size()),
                         comm.rank());
  });
  std::vector<Attempt> mine;
  if (best.attempt.has_value()) mine.push_back(*best.attempt);
  const std::vector<Attempt> attempts = comm::all_gather_varied(comm, std::span<const Attempt>(mine));
  const Attempt winner = *std::min_element(attempts.begin(), attempts.end());

  std::vector<std::vector<int32_t>> messages(static_cast<size_t>(comm.size()));
  for (int rank = 0; comm.rank() == winner.rank && rank < comm.size(); ++rank) {
    messages[rank].assign(best.parts.begin() + connected.offsets[rank],
                          best.parts.begin() + connected.offsets[rank + 1]);
  }
  const comm::ReceivedValues<int32_t> received = comm::all_to_all(comm, messages);
  std::vector<int32_t> parts(static_cast<size_t>(level.graph.num_owned()), kNoPart);
  auto next = received.values.begin();
  for (size_t row = 0; row < parts.size(); ++row) {
    if (!level.is_isolated(static_cast<int64_t>(row))) parts[row] = *next++;
  }
  return parts;
}

}  // namespace gigahop::partition
