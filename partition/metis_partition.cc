#include "partition/metis_partition.h"

#include <algorithm>
#include <numeric>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/exchange.h"
#include "partition/forecast.h"
#include "partition/serial_partition.h"

namespace gigahop::partition {
namespace {

void check_limit(const char* what, int64_t count, const MetisOptions& options) {
  if (count <= options.index_limit) return;
  throw data_error("partition",
                   fmt::format("at most {} {}, the limit of METIS with 32-bit indices (2^31-1)",
                               with_commas(options.index_limit), what),
                   with_commas(count), "use partition.method=HASH");
}

/// Sends this rank's values to rank 0, which gets those of all ranks in rank order, in rounds of chunk_bytes.
/// value(i) gives the i-th value of this rank's `count`.
template <class T, class Value>
std::vector<T> gather_on_root(const comm::Communicator& comm, int64_t count, int64_t chunk_bytes, const Value& value) {
  const std::vector<int64_t> counts = comm::all_gather_varied(comm, std::span<const int64_t>(&count, 1));
  const int64_t chunk = std::max<int64_t>(1, chunk_bytes / static_cast<int64_t>(sizeof(T)));
  const int64_t rounds = (*std::max_element(counts.begin(), counts.end()) + chunk - 1) / chunk;
  std::vector<int64_t> places(counts.size());
  std::exclusive_scan(counts.begin(), counts.end(), places.begin(), int64_t{0});
  std::vector<T> gathered;
  comm::agree(comm, [&] {
    if (comm.rank() == 0) gathered.resize(static_cast<size_t>(places.back() + counts.back()));
  });
  std::vector<std::vector<T>> messages(counts.size());
  for (int64_t round = 0; round < rounds; ++round) {
    messages[0].clear();
    for (int64_t i = round * chunk; i < std::min(count, (round + 1) * chunk); ++i) messages[0].push_back(value(i));
    const comm::ReceivedValues<T> received = comm::all_to_all(comm, messages);
    for (int rank = 0; comm.rank() == 0 && rank < comm.size(); ++rank) {
      const auto theirs = received.from(rank);
      std::copy(theirs.begin(), theirs.end(), gathered.begin() + places[rank]);
      places[rank] += static_cast<int64_t>(theirs.size());
    }
  }
  return gathered;
}

SerialGraph gather_graph(const comm::Communicator& comm, graph::CsrView<int64_t> rows, std::span<const Split> splits,
                         const MetisOptions& options) {
  const auto degrees = gather_on_root<int32_t>(comm, rows.num_rows(), options.chunk_bytes,
                                               [&](int64_t row) { return static_cast<int32_t>(rows.degree(row)); });
  SerialGraph whole;
  whole.column_ids = gather_on_root<int32_t>(
      comm, static_cast<int64_t>(rows.column_ids.size()), options.chunk_bytes,
      [&](int64_t entry) { return static_cast<int32_t>(rows.column_ids[static_cast<size_t>(entry)]); });
  const auto is_train = gather_on_root<uint8_t>(
      comm, static_cast<int64_t>(splits.size()), options.chunk_bytes,
      [&](int64_t row) { return static_cast<uint8_t>(splits[static_cast<size_t>(row)] == Split::kTrain ? 1 : 0); });
  if (comm.rank() != 0) return whole;
  for (const int32_t degree : degrees) whole.row_offsets.push_back(whole.row_offsets.back() + degree);
  ConstraintWeights constraints = constraint_weights(whole.row_offsets, is_train, options.num_parts);
  whole.num_constraints = constraints.num_constraints;
  whole.node_weights = std::move(constraints.weights);
  return whole;
}

}  // namespace

ConstraintWeights constraint_weights(std::span<const int32_t> row_offsets, std::span<const uint8_t> is_train,
                                     int num_parts) {
  const int64_t num_entries = row_offsets.back();
  const int64_t num_train = std::count(is_train.begin(), is_train.end(), 1);
  const bool balance_train = num_train >= 2 * int64_t{num_parts};
  const int64_t heaviest = std::max<int64_t>(1, num_entries / (2 * int64_t{num_parts}));
  ConstraintWeights constraints;
  constraints.num_constraints = 1 + (num_entries > 0 ? 1 : 0) + (balance_train ? 1 : 0);
  constraints.weights.reserve(is_train.size() * static_cast<size_t>(constraints.num_constraints));
  for (size_t node = 0; node < is_train.size(); ++node) {
    constraints.weights.push_back(1);
    const int64_t degree = row_offsets[node + 1] - row_offsets[node];
    if (num_entries > 0) constraints.weights.push_back(std::min(degree, heaviest));
    if (balance_train) constraints.weights.push_back(is_train[node]);
  }
  return constraints;
}

std::vector<int32_t> metis_partition(const comm::Communicator& comm, const NodeBlocks& blocks,
                                     graph::CsrView<int64_t> rows, std::span<const Split> splits,
                                     const MetisOptions& options) {
  const int64_t num_entries = comm::sum_over_ranks(comm, static_cast<int64_t>(rows.column_ids.size()));
  comm::agree(comm, [&] {
    check_limit("nodes", blocks.num_nodes(), options);
    check_limit("adjacency entries", num_entries, options);
    if (comm.rank() == 0) check_memory_for_metis(blocks.num_nodes(), num_entries);
  });
  const SerialGraph whole = gather_graph(comm, rows, splits, options);
  std::vector<int32_t> all_parts;
  comm::agree(comm, [&] {
    if (comm.rank() != 0) return;
    log_info("METIS: {} nodes, {} entries into {} parts under {} constraints", with_commas(blocks.num_nodes()),
             with_commas(num_entries), options.num_parts, whole.num_constraints);
    all_parts = partition_serially(whole, whole.limits(options.num_parts, options.imbalance), options.seed);
  });
  std::vector<std::span<const std::byte>> messages(static_cast<size_t>(comm.size()));
  for (int rank = 0; comm.rank() == 0 && rank < comm.size(); ++rank) {
    messages[rank] = std::as_bytes(
        std::span(all_parts).subspan(static_cast<size_t>(blocks.first(rank)), static_cast<size_t>(blocks.size(rank))));
  }
  const comm::Received received = comm::all_to_all_bytes(comm, messages);
  std::vector<int32_t> mine(received.bytes.size() / sizeof(int32_t));
  std::copy(received.bytes.begin(), received.bytes.end(), reinterpret_cast<std::byte*>(mine.data()));
  return mine;
}

}  // namespace gigahop::partition
