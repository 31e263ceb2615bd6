#include "partition/multilevel/contract.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "base/error.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/exchange.h"
#include "partition/fetch_values.h"
#include "partition/multilevel/cluster.h"
#include "partition/multilevel/id_slots.h"

namespace gigahop::partition {
namespace {

/// An edge of the coarse graph on its way to the owner of its row.
struct CoarseEdge {
  int64_t column = 0;
  int32_t row = 0;  // of the owner's block
  int32_t weight = 0;
};

int32_t checked_weight(int64_t weight) {
  if (weight <= INT32_MAX) return static_cast<int32_t>(weight);
  throw data_error("partition", "coarse edges that stand for less than 2^31 edges", std::to_string(weight),
                   "use more parts");
}

/// Consecutive numbers for the clusters in use, by the nodes they are named after: their owners count them, and tell
/// those who use them.
struct CoarseNumbering {
  std::vector<int64_t> coarse_ids;  // [owned]
  int64_t num_coarse = 0;
};

CoarseNumbering number_clusters(const comm::Communicator& comm, const DistributedGraph& graph,
                                std::span<const int64_t> clusters) {
  const int64_t first = graph.blocks.first(comm.rank());
  const int64_t last = first + graph.num_owned();
  const auto is_own = [&](int64_t cluster) { return cluster >= first && cluster < last; };
  IdSlots foreign;
  std::vector<int64_t> number(static_cast<size_t>(graph.num_owned()), kNoCluster);
  for (const int64_t cluster : clusters) {
    if (cluster == kNoCluster) continue;
    if (is_own(cluster)) {
      number[cluster - first] = 0;
    } else {
      foreign.add(cluster);
    }
  }
  const comm::RowPlan plan = plan_fetch(comm, graph.blocks, foreign.ids());
  for (const auto& rows : plan.send_rows) {
    for (const int64_t row : rows) number[row] = 0;
  }
  const auto used = static_cast<int64_t>(number.size()) - std::count(number.begin(), number.end(), kNoCluster);
  CoarseNumbering numbering{.coarse_ids = std::vector<int64_t>(clusters.size(), kNoCluster),
                            .num_coarse = comm::sum_over_ranks(comm, used)};
  int64_t next = comm::exclusive_sum(comm, used);
  for (int64_t& value : number) {
    if (value != kNoCluster) value = next++;
  }
  const std::vector<int64_t> foreign_numbers = fetch_values<int64_t>(comm, plan, number);
  for (size_t row = 0; row < clusters.size(); ++row) {
    if (clusters[row] == kNoCluster) continue;
    numbering.coarse_ids[row] =
        is_own(clusters[row]) ? number[clusters[row] - first] : foreign_numbers[foreign.add(clusters[row])];
  }
  return numbering;
}

/// This rank's share of the coarse graph: its nodes by coarse id, and the rows that they add up to.
class LocalContraction {
 public:
  LocalContraction(const comm::Communicator& comm, const LevelView& level, std::span<const int64_t> coarse_ids)
      : level_(level) {
    const DistributedGraph& graph = level.graph;
    std::vector<int64_t> halo(static_cast<size_t>(graph.num_halo()));
    exchange_halo(comm, graph, coarse_ids, std::span(halo));
    distinct_.assign(coarse_ids.begin(), coarse_ids.end());
    distinct_.insert(distinct_.end(), halo.begin(), halo.end());
    std::sort(distinct_.begin(), distinct_.end());
    distinct_.erase(std::unique(distinct_.begin(), distinct_.end()), distinct_.end());
    if (!distinct_.empty() && distinct_.front() == kNoCluster) distinct_.erase(distinct_.begin());
    const auto place_of = [&](int64_t id) {
      return static_cast<int32_t>(std::lower_bound(distinct_.begin(), distinct_.end(), id) - distinct_.begin());
    };
    places_.reserve(static_cast<size_t>(graph.num_local()));
    for (const int64_t id : coarse_ids) places_.push_back(id == kNoCluster ? -1 : place_of(id));
    for (const int64_t id : halo) places_.push_back(place_of(id));
    group_members();
    position_.assign(distinct_.size(), -1);
  }

  int64_t num_rows() const { return static_cast<int64_t>(distinct_.size()); }
  /// Of the rows from coarse node `id` on.
  int64_t first_place(int64_t id) const {
    return std::lower_bound(distinct_.begin(), distinct_.end(), id) - distinct_.begin();
  }
  /// Bound on the edges of all rows.
  int64_t most_own_edges() const { return level_.graph.row_offsets.back(); }
  int64_t coarse_id(int64_t place) const { return distinct_[static_cast<size_t>(place)]; }
  std::span<const int32_t> members(int64_t place) const {
    return std::span(members_).subspan(static_cast<size_t>(member_offsets_[place]),
                                       static_cast<size_t>(member_offsets_[place + 1] - member_offsets_[place]));
  }

  struct Entry {
    int32_t place = 0;
    int64_t weight = 0;
  };
  /// Edges from this rank's members of one coarse node to others, added up; valid until the next call.
  std::span<const Entry> row(int64_t place) {
    const DistributedGraph& graph = level_.graph;
    row_.clear();
    for (const int32_t member : members(place)) {
      for (int64_t entry = graph.row_offsets[member]; entry < graph.row_offsets[member + 1]; ++entry) {
        const int32_t target = places_[graph.column_ids[entry]];
        if (target == place) continue;
        int32_t& position = position_[target];
        if (position < 0) {
          position = static_cast<int32_t>(row_.size());
          row_.push_back({.place = target, .weight = 0});
        }
        row_[position].weight += graph.edge_weight(entry);
      }
    }
    for (const Entry& entry : row_) position_[entry.place] = -1;
    return row_;
  }

 private:
  void group_members() {
    member_offsets_.assign(distinct_.size() + 1, 0);
    const auto owned = static_cast<size_t>(level_.graph.num_owned());
    for (size_t row = 0; row < owned; ++row) {
      if (places_[row] >= 0) ++member_offsets_[places_[row] + 1];
    }
    std::partial_sum(member_offsets_.begin(), member_offsets_.end(), member_offsets_.begin());
    members_.resize(static_cast<size_t>(member_offsets_.back()));
    std::vector<int64_t> next(member_offsets_.begin(), member_offsets_.end() - 1);
    for (size_t row = 0; row < owned; ++row) {
      if (places_[row] >= 0) members_[next[places_[row]]++] = static_cast<int32_t>(row);
    }
  }

  const LevelView& level_;
  std::vector<int64_t> distinct_;        // coarse ids that this rank sees, ascending
  std::vector<int32_t> places_;          // [local] place in distinct_; -1 for isolated nodes
  std::vector<int64_t> member_offsets_;  // [distinct + 1]
  std::vector<int32_t> members_;         // owned rows
  std::vector<int32_t> position_;        // [distinct] place in row_; -1 between rows
  std::vector<Entry> row_;
};

/// What a rank has of its coarse rows: its own share row by row, and what others sent, in one piece for each round.
struct RowShares {
  graph::Csr<int64_t> own;                        // one row per coarse node, columns: coarse ids, in any order
  std::vector<int32_t> own_weights;               // like own.column_ids
  std::vector<std::vector<CoarseEdge>> received;  // each ascending by rows

  size_t num_edges() const {
    size_t count = own.column_ids.size();
    for (const auto& piece : received) count += piece.size();
    return count;
  }
};

/// Appends one rank's share of a coarse row to its own rows.
void keep_row(const LocalContraction& local, std::span<const LocalContraction::Entry> entries, int32_t row,
              RowShares& shares) {
  for (const auto& entry : entries) {
    shares.own.column_ids.push_back(local.coarse_id(entry.place));
    shares.own_weights.push_back(checked_weight(entry.weight));
  }
  shares.own.row_offsets[row + 1] = static_cast<int64_t>(entries.size());
}

void stage_row(const LocalContraction& local, std::span<const LocalContraction::Entry> entries, int32_t row,
               std::vector<CoarseEdge>& message) {
  for (const auto& entry : entries) {
    message.push_back({local.coarse_id(entry.place), row, checked_weight(entry.weight)});
  }
}

/// Sends every rank's rows to their owners in rounds; each rank begins with the rows of the next, so that all receive.
RowShares route_edges(const comm::Communicator& comm, LocalContraction& local, const NodeBlocks& blocks,
                      int64_t chunk_bytes) {
  RowShares shares;
  shares.own.row_offsets.assign(static_cast<size_t>(blocks.size(comm.rank())) + 1, 0);
  comm::agree(comm, [&] {  // memory that is never written is never taken
    shares.own.column_ids.reserve(static_cast<size_t>(local.most_own_edges()));
    shares.own_weights.reserve(shares.own.column_ids.capacity());
  });
  std::vector<std::vector<CoarseEdge>> messages(static_cast<size_t>(comm.size()));
  const auto chunk = std::max<int64_t>(1, chunk_bytes / static_cast<int64_t>(sizeof(CoarseEdge)));
  const int64_t start = local.first_place(blocks.first(comm.rank() + 1));
  int64_t taken = 0;
  const auto take_rows = [&] {
    for (int64_t staged = 0; taken < local.num_rows() && staged < chunk; ++taken) {
      const int64_t place = (start + taken) % local.num_rows();
      if (local.members(place).empty()) continue;
      const int owner = blocks.owner(local.coarse_id(place));
      const auto row = static_cast<int32_t>(local.coarse_id(place) - blocks.first(owner));
      const auto entries = local.row(place);
      if (owner == comm.rank()) {
        keep_row(local, entries, row, shares);
      } else {
        stage_row(local, entries, row, messages[owner]);
        staged += static_cast<int64_t>(entries.size());
      }
    }
  };
  for (int64_t left = 1; left > 0;) {
    comm::agree(comm, take_rows);
    left = comm::max_over_ranks(comm, local.num_rows() - taken);
    if (comm.size() == 1) continue;
    comm::ReceivedValues<CoarseEdge> arrived = comm::all_to_all(comm, messages);
    std::sort(arrived.values.begin(), arrived.values.end(),
              [](const CoarseEdge& a, const CoarseEdge& b) { return a.row < b.row; });
    shares.received.push_back(std::move(arrived.values));
    for (auto& message : messages) message.clear();
  }
  std::partial_sum(shares.own.row_offsets.begin(), shares.own.row_offsets.end(), shares.own.row_offsets.begin());
  return shares;
}

/// Rows with every column once, the weights of repeats added.
graph::Csr<int64_t> merge_shares(RowShares&& shares, std::vector<int32_t>& weights) {
  if (shares.received.empty()) {
    weights = std::move(shares.own_weights);
    return std::move(shares.own);
  }
  graph::Csr<int64_t> rows;
  rows.row_offsets.push_back(0);
  rows.column_ids.reserve(shares.num_edges());
  weights.reserve(shares.num_edges());
  std::vector<size_t> next(shares.received.size());
  std::vector<CoarseEdge> row_edges;
  const int64_t num_rows = shares.own.view().num_rows();
  for (int32_t row = 0; row < num_rows; ++row) {
    row_edges.clear();
    for (int64_t i = shares.own.row_offsets[row]; i < shares.own.row_offsets[row + 1]; ++i) {
      row_edges.push_back({shares.own.column_ids[i], row, shares.own_weights[i]});
    }
    for (size_t piece = 0; piece < next.size(); ++piece) {
      const auto& edges = shares.received[piece];
      for (; next[piece] < edges.size() && edges[next[piece]].row == row; ++next[piece]) {
        row_edges.push_back(edges[next[piece]]);
      }
    }
    std::sort(row_edges.begin(), row_edges.end(),
              [](const CoarseEdge& a, const CoarseEdge& b) { return a.column < b.column; });
    for (size_t i = 0; i < row_edges.size(); ++i) {
      if (i > 0 && row_edges[i].column == row_edges[i - 1].column) {
        weights.back() = checked_weight(int64_t{weights.back()} + row_edges[i].weight);
      } else {
        rows.column_ids.push_back(row_edges[i].column);
        weights.push_back(row_edges[i].weight);
      }
    }
    rows.row_offsets.push_back(static_cast<int64_t>(rows.column_ids.size()));
  }
  return rows;
}

/// [block, C] weights of the coarse nodes of this rank.
std::vector<NodeWeight> add_up_weights(const comm::Communicator& comm, const LevelView& level,
                                       const LocalContraction& local, const NodeBlocks& blocks) {
  const int64_t width = level.num_constraints;
  std::vector<std::vector<int64_t>> messages(static_cast<size_t>(comm.size()));
  for (int64_t place = 0; place < local.num_rows(); ++place) {
    if (local.members(place).empty()) continue;
    const int owner = blocks.owner(local.coarse_id(place));
    auto& message = messages[owner];
    message.push_back(local.coarse_id(place) - blocks.first(owner));
    message.resize(message.size() + static_cast<size_t>(width));
    int64_t* sums = message.data() + message.size() - width;
    for (const int32_t member : local.members(place)) {
      for (int64_t c = 0; c < width; ++c) sums[c] += level.weights(member)[static_cast<size_t>(c)];
    }
  }
  std::vector<NodeWeight> weights(static_cast<size_t>(blocks.size(comm.rank()) * width));
  const comm::ReceivedValues<int64_t> received = comm::all_to_all(comm, messages);
  for (size_t at = 0; at < received.values.size(); at += static_cast<size_t>(1 + width)) {
    for (int64_t c = 0; c < width; ++c) {
      weights[received.values[at] * width + c] +=
          static_cast<NodeWeight>(received.values[at + 1 + static_cast<size_t>(c)]);
    }
  }
  return weights;
}

}  // namespace

Contraction contract(const comm::Communicator& comm, const LevelView& level, std::span<const int64_t> clusters,
                     int64_t chunk_bytes) {
  CoarseNumbering numbering = number_clusters(comm, level.graph, clusters);
  const NodeBlocks blocks(numbering.num_coarse, comm.size(), level.graph.blocks.num_owners());
  Contraction result;
  result.coarse.num_constraints = level.num_constraints;
  RowShares shares;
  {
    LocalContraction local(comm, level, numbering.coarse_ids);
    result.coarse.node_weights = add_up_weights(comm, level, local, blocks);
    shares = route_edges(comm, local, blocks, chunk_bytes);
  }
  graph::Csr<int64_t> rows;
  std::vector<int32_t> weights;
  comm::agree(comm, [&] { rows = merge_shares(std::move(shares), weights); });
  shares = {};
  result.coarse.graph = localise_columns(comm, blocks, std::move(rows), std::move(weights));
  result.coarse_ids = std::move(numbering.coarse_ids);
  return result;
}

}  // namespace gigahop::partition
