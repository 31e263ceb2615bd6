/// The dataset's edges as rows of an adjacency, spread over the ranks by blocks of nodes: the first thing that
/// partitioning does, and the last that sees edges in the order of the file.
///
/// Two passes over edges.npy, each rank reading its own slice in chunks: the first counts the entries of every row over
/// equal blocks, after which the ids are cut anew so that blocks cost the same; the second puts the entries in place.
/// So a rank holds 8 bytes per entry and never a list of pairs.
#pragma once

#include <cstdint>

#include "comm/communicator.h"
#include "graph/dataset_folder.h"
#include "partition/distributed_graph.h"
#include "partition/node_blocks.h"

namespace gigahop::partition {

/// kSymmetrised: an edge is an entry in the rows of both its ends. kDirected: in the row of its source alone.
enum class Direction { kSymmetrised, kDirected };

/// The graph on blocks of its own choice (partition/block_cut.h), of as many ranks as count_owners says.
/// Self-loops and duplicates are dropped.
///
/// Errors      Error{kData} naming edges.npy, the edge and the id that is no node; or if a rank would have more than
///             2^31-1 nodes
/// Collective  all ranks, same arguments
/// Cost        the file is read twice; 4 and then 12 bytes sent per entry; 12 bytes per entry and 24 per node at the
///             peak; buffers of 3 chunk_bytes on average, of R + 1 where all edges of a round end in one block
DistributedGraph read_graph(const comm::Communicator& comm, const graph::DatasetFolder& dataset, Direction direction,
                            int64_t chunk_bytes, int64_t entries_of_rank);

/// The same on given blocks.
DistributedGraph read_graph_on(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                               const NodeBlocks& blocks, Direction direction, int64_t chunk_bytes);

}  // namespace gigahop::partition
