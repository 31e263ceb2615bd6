/// The dataset's edges as rows of an adjacency, spread over the ranks by blocks of nodes: the first thing that
/// partitioning does, and the last that sees edges in the order of the file.
///
/// Two passes over edges.npy, each rank reading its own slice in chunks: the first counts the entries of every row, the
/// second puts them in place; so a rank holds 8 bytes per entry and never a list of pairs.
#pragma once

#include <cstdint>

#include "comm/communicator.h"
#include "graph/csr.h"
#include "graph/dataset_folder.h"
#include "partition/node_blocks.h"

namespace gigahop::partition {

/// kSymmetrised: an edge is an entry in the rows of both its ends. kDirected: in the row of its source alone.
enum class Direction { kSymmetrised, kDirected };

/// Row i: node blocks.first(rank) + i; columns: original ids, ascending. Self-loops and duplicates are dropped.
///
/// Errors      Error{kData} naming edges.npy, the edge and the id that is no node
/// Collective  all ranks, same arguments
/// Cost        the file is read twice; 2 x 16 bytes sent per entry; buffers of 4 chunk_bytes per rank
graph::Csr<int64_t> read_edge_blocks(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                                     const NodeBlocks& blocks, Direction direction, int64_t chunk_bytes);

}  // namespace gigahop::partition
