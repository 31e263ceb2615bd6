/// Which nodes are predicted, and which row of the output each of them gets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "proto/config.pb.h"

namespace gigahop::train {

/// One rank's share: its own nodes of the set, by ascending row; a node that stands in the set twice has two places.
struct NodeSet {
  struct Place {
    LocalId row;
    int64_t place = 0;
    bool operator<(const Place& other) const { return row != other.row ? row < other.row : place < other.place; }
  };
  std::vector<Place> places;
  int64_t num_places = 0;  // over all ranks
  /// Rows of nodes.npy that this rank knows: original ids from place first_id on.
  int64_t first_id = 0;
  std::vector<OriginalId> ids;

  std::vector<LocalId> distinct_rows() const;
};

/// All nodes: the place is the original id, and `ids` stays empty.
NodeSet all_nodes(const graph::LocalGraph& graph);

/// The nodes of a split, places by ascending original id. No rank sees more than its share of the ids: they are sorted
/// by blocks of the range of ids, one block a rank. Collective. Cost: two all-to-alls of 8 bytes a node.
NodeSet nodes_of_split(const comm::Communicator& comm, const graph::LocalGraph& graph,
                       proto::PredictConfig::Nodes split);

/// The nodes of a one-dimensional int64 .npy, places as they stand there. Error{kData} naming the element that is no
/// node. Not collective.
NodeSet nodes_of_file(const graph::LocalGraph& graph, const std::filesystem::path& partition_folder,
                      const std::filesystem::path& file, int rank, int num_ranks);

}  // namespace gigahop::train
