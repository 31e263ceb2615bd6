#include "partition/edge_blocks.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/exchange.h"

namespace gigahop::partition {
namespace {

struct Entry {
  int64_t row = 0;
  int64_t column = 0;
};

using Messages = std::vector<std::vector<Entry>>;
using Consume = std::function<void(std::span<const Entry>)>;

void check_id(const graph::DatasetFolder& dataset, int64_t id, int64_t num_nodes, int64_t edge, const char* end) {
  if (id >= 0 && id < num_nodes) return;
  throw data_error(fmt::format("{}: {} of edge {}", dataset.edges().path().string(), end, edge),
                   fmt::format("a node id from 0 to {}", num_nodes - 1), std::to_string(id),
                   "ids count from 0; import the dataset again");
}

/// Reads columns [first, first + count) of edges.npy and sorts the entries they make by the rank that holds their row.
void read_chunk(const graph::DatasetFolder& dataset, const NodeBlocks& blocks, Direction direction, int64_t first,
                int64_t count, Messages& messages) {
  std::vector<int64_t> sources(static_cast<size_t>(count));
  std::vector<int64_t> targets(static_cast<size_t>(count));
  dataset.read_edges(first, count, sources, targets);
  for (size_t i = 0; i < sources.size(); ++i) {
    const int64_t source = sources[i];
    const int64_t target = targets[i];
    check_id(dataset, source, blocks.num_nodes(), first + static_cast<int64_t>(i), "source");
    check_id(dataset, target, blocks.num_nodes(), first + static_cast<int64_t>(i), "target");
    if (source == target) continue;
    messages[blocks.owner(source)].push_back({source, target});
    if (direction == Direction::kSymmetrised) messages[blocks.owner(target)].push_back({target, source});
  }
}

/// Gives every entry of the dataset to `consume` on the rank that holds its row, in rounds of bounded size.
void pass_over_edges(const comm::Communicator& comm, const graph::DatasetFolder& dataset, const NodeBlocks& blocks,
                     Direction direction, int64_t chunk_bytes, const char* title, const Consume& consume) {
  const int64_t num_edges = dataset.manifest().num_edges();
  const NodeBlocks slices(num_edges, comm.size());
  const int64_t chunk = std::max<int64_t>(1, chunk_bytes / static_cast<int64_t>(sizeof(Entry)));
  const int64_t begin = slices.first(comm.rank());
  const int64_t end = begin + slices.size(comm.rank());
  const int64_t rounds = comm::max_over_ranks(comm, (end - begin + chunk - 1) / chunk);
  Progress progress(title, "edges", num_edges,
                    comm.rank() == 0 ? Progress::Visibility::kShown : Progress::Visibility::kQuiet);
  Messages messages(static_cast<size_t>(comm.size()));
  for (int64_t round = 0; round < rounds; ++round) {
    const int64_t first = std::min(end, begin + round * chunk);
    const int64_t count = std::min(end - first, chunk);
    for (auto& message : messages) message.clear();
    comm::agree(comm, [&] { read_chunk(dataset, blocks, direction, first, count, messages); });
    consume(comm::all_to_all(comm, messages).values);
    progress.advance(std::min(chunk * comm.size(), num_edges - round * chunk * comm.size()));
  }
  progress.finish();
}

/// Sorts the columns of every row, drops duplicates and closes the gaps.
void tidy_rows(graph::Csr<int64_t>& rows) {
  auto out = rows.column_ids.begin();
  int64_t row_begin = 0;
  for (size_t row = 0; row + 1 < rows.row_offsets.size(); ++row) {
    const int64_t row_end = rows.row_offsets[row + 1];
    const auto first = rows.column_ids.begin() + row_begin;
    const auto last = rows.column_ids.begin() + row_end;
    std::sort(first, last);
    out = std::move(first, std::unique(first, last), out);
    rows.row_offsets[row + 1] = out - rows.column_ids.begin();
    row_begin = row_end;
  }
  rows.column_ids.erase(out, rows.column_ids.end());
}

}  // namespace

graph::Csr<int64_t> read_edge_blocks(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                                     const NodeBlocks& blocks, Direction direction, int64_t chunk_bytes) {
  const int64_t first_row = blocks.first(comm.rank());
  graph::Csr<int64_t> rows;
  rows.row_offsets.resize(static_cast<size_t>(blocks.size(comm.rank())) + 1);
  pass_over_edges(comm, dataset, blocks, direction, chunk_bytes, "counting neighbours",
                  [&](std::span<const Entry> entries) {
                    for (const Entry& entry : entries) ++rows.row_offsets[entry.row - first_row + 1];
                  });
  std::partial_sum(rows.row_offsets.begin(), rows.row_offsets.end(), rows.row_offsets.begin());
  comm::agree(comm, [&] { rows.column_ids.resize(static_cast<size_t>(rows.row_offsets.back())); });
  std::vector<int64_t> next(rows.row_offsets.begin(), rows.row_offsets.end() - 1);
  pass_over_edges(comm, dataset, blocks, direction, chunk_bytes, "reading edges", [&](std::span<const Entry> entries) {
    for (const Entry& entry : entries) rows.column_ids[next[entry.row - first_row]++] = entry.column;
  });
  tidy_rows(rows);
  return rows;
}

}  // namespace gigahop::partition
