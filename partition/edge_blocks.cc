#include "partition/edge_blocks.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/exchange.h"
#include "graph/csr.h"
#include "partition/block_cut.h"
#include "partition/chunks.h"

namespace gigahop::partition {
namespace {

/// An entry on its way to the rank that holds its row: 12 bytes, where a struct of its two numbers has 16.
struct Entry {
  Entry() = default;
  Entry(int32_t row_in_block, int64_t column)
      : row(row_in_block), high(static_cast<int32_t>(column >> 32)), low(static_cast<uint32_t>(column)) {}
  int64_t column() const { return int64_t{high} << 32 | low; }

  int32_t row = 0;
  int32_t high = 0;
  uint32_t low = 0;
};

void check_id(const graph::DatasetFolder& dataset, int64_t id, int64_t edge, const char* end) {
  const int64_t num_nodes = dataset.manifest().num_nodes();
  if (id >= 0 && id < num_nodes) return;
  throw data_error(dataset.edges().path().string() + ": " + end + " of edge " + std::to_string(edge),
                   "a node id from 0 to " + std::to_string(num_nodes - 1), std::to_string(id),
                   "ids count from 0; import the dataset again");
}

void check_block_size(const NodeBlocks& blocks, int rank) {
  if (blocks.size(rank) <= INT32_MAX) return;
  throw data_error("partition", "at most 2^31-1 nodes on a rank", std::to_string(blocks.size(rank)), "use more ranks");
}

/// One walk over the file by all ranks, in rounds of bounded size.
class EdgePass {
 public:
  EdgePass(const comm::Communicator& comm, const graph::DatasetFolder& dataset, const NodeBlocks& blocks,
           Direction direction, int64_t chunk_bytes)
      : comm_(comm), dataset_(dataset), blocks_(blocks), direction_(direction) {
    constexpr int64_t kEdgeBytes = 2 * sizeof(Entry);
    const int64_t share = dataset.manifest().num_edges() / comm.size();
    chunk_ = std::max<int64_t>(1, bounded_chunk(chunk_bytes, kEdgeBytes * share) / kEdgeBytes);
  }

  /// Gives make(row in its block, column) of every entry to consume(span of T) on the rank that holds the row.
  template <class T, class Make, class Consume>
  void run(const char* title, const Make& make, const Consume& consume) {
    const int64_t num_edges = dataset_.manifest().num_edges();
    const NodeBlocks slices(num_edges, comm_.size());
    const int64_t begin = slices.first(comm_.rank());
    const int64_t end = slices.first(comm_.rank() + 1);
    const int64_t rounds = comm::max_over_ranks(comm_, (end - begin + chunk_ - 1) / chunk_);
    Progress progress(title, "edges", num_edges,
                      comm_.rank() == 0 ? Progress::Visibility::kShown : Progress::Visibility::kQuiet);
    std::vector<T> outgoing;
    std::vector<std::span<const T>> messages;
    comm::ReceivedValues<T> received;
    for (int64_t round = 0; round < rounds; ++round) {
      const int64_t first = std::min(end, begin + round * chunk_);
      comm::agree(comm_, [&] {
        read_chunk(first, std::min(end - first, chunk_));
        fill(make, outgoing, messages);
      });
      comm::all_to_all_into<T>(comm_, messages, received);
      consume(std::span<const T>(received.values));
      progress.advance(std::min(chunk_ * comm_.size(), num_edges - round * chunk_ * comm_.size()));
    }
    progress.finish();
  }

 private:
  void read_chunk(int64_t first, int64_t count) {
    sources_.resize(static_cast<size_t>(count));
    targets_.resize(static_cast<size_t>(count));
    dataset_.read_edges(first, count, sources_, targets_);
    for (size_t i = 0; i < sources_.size(); ++i) {
      check_id(dataset_, sources_[i], first + static_cast<int64_t>(i), "source");
      check_id(dataset_, targets_[i], first + static_cast<int64_t>(i), "target");
    }
  }

  template <class Visit>
  void for_each_entry(const Visit& visit) const {
    for (size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i] == targets_[i]) continue;
      visit(sources_[i], targets_[i]);
      if (direction_ == Direction::kSymmetrised) visit(targets_[i], sources_[i]);
    }
  }

  /// The entries of the chunk, those of one receiver together.
  template <class T, class Make>
  void fill(const Make& make, std::vector<T>& outgoing, std::vector<std::span<const T>>& messages) const {
    std::vector<size_t> next(static_cast<size_t>(comm_.size()) + 1);
    for_each_entry([&](int64_t row, int64_t) { ++next[blocks_.owner(row) + 1]; });
    std::partial_sum(next.begin(), next.end(), next.begin());
    outgoing.resize(next.back());
    messages.clear();
    for (int rank = 0; rank < comm_.size(); ++rank) {
      messages.push_back(std::span<const T>(outgoing).subspan(next[rank], next[rank + 1] - next[rank]));
    }
    for_each_entry([&](int64_t row, int64_t column) {
      const int owner = blocks_.owner(row);
      outgoing[next[owner]++] = make(static_cast<int32_t>(row - blocks_.first(owner)), column);
    });
  }

  const comm::Communicator& comm_;
  const graph::DatasetFolder& dataset_;
  const NodeBlocks& blocks_;
  Direction direction_;
  int64_t chunk_ = 1;  // edges
  std::vector<int64_t> sources_;
  std::vector<int64_t> targets_;
};

std::vector<int64_t> count_entries(const comm::Communicator& comm, const NodeBlocks& blocks, EdgePass&& pass) {
  std::vector<int64_t> counts;
  comm::agree(comm, [&] {
    check_block_size(blocks, comm.rank());
    counts.resize(static_cast<size_t>(blocks.size(comm.rank())));
  });
  pass.run<int32_t>(
      "counting neighbours", [](int32_t row, int64_t) { return row; },
      [&](std::span<const int32_t> rows) {
        for (const int32_t row : rows) ++counts[row];
      });
  return counts;
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

/// `next` [block]: the number of entries of each row, duplicates included; becomes the place to fill.
graph::Csr<int64_t> place_entries(const comm::Communicator& comm, std::vector<int64_t> next, EdgePass&& pass) {
  graph::Csr<int64_t> rows;
  comm::agree(comm, [&] {
    rows.row_offsets.resize(next.size() + 1);
    std::partial_sum(next.begin(), next.end(), rows.row_offsets.begin() + 1);
    rows.column_ids.resize(static_cast<size_t>(rows.row_offsets.back()));
  });
  std::copy(rows.row_offsets.begin(), rows.row_offsets.end() - 1, next.begin());
  pass.run<Entry>(
      "reading edges", [](int32_t row, int64_t column) { return Entry(row, column); },
      [&](std::span<const Entry> entries) {
        for (const Entry& entry : entries) rows.column_ids[next[entry.row]++] = entry.column();
      });
  tidy_rows(rows);
  return rows;
}

DistributedGraph build(const comm::Communicator& comm, const graph::DatasetFolder& dataset, const NodeBlocks& blocks,
                       std::vector<int64_t>&& degrees, Direction direction, int64_t chunk_bytes) {
  comm::agree(comm, [&] { check_block_size(blocks, comm.rank()); });
  graph::Csr<int64_t> rows =
      place_entries(comm, std::move(degrees), EdgePass(comm, dataset, blocks, direction, chunk_bytes));
  release_freed_memory();
  return localise_columns(comm, blocks, std::move(rows), {});
}

}  // namespace

DistributedGraph read_graph(const comm::Communicator& comm, const graph::DatasetFolder& dataset, Direction direction,
                            int64_t chunk_bytes, int64_t entries_of_rank) {
  const NodeBlocks equal(dataset.manifest().num_nodes(), comm.size());
  std::vector<int64_t> counts = count_entries(comm, equal, EdgePass(comm, dataset, equal, direction, chunk_bytes));
  RecutDegrees recut = recut_blocks(comm, equal, counts, entries_of_rank);
  counts = {};
  return build(comm, dataset, recut.blocks, std::move(recut.degrees), direction, chunk_bytes);
}

DistributedGraph read_graph_on(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                               const NodeBlocks& blocks, Direction direction, int64_t chunk_bytes) {
  return build(comm, dataset, blocks,
               count_entries(comm, blocks, EdgePass(comm, dataset, blocks, direction, chunk_bytes)), direction,
               chunk_bytes);
}

}  // namespace gigahop::partition
