/// Labels and splits of a rank's block of nodes, checked: what a shard says of a node besides its neighbours and
/// features.
#pragma once

#include <cstdint>
#include <vector>

#include "comm/communicator.h"
#include "graph/dataset_folder.h"
#include "partition/node_blocks.h"

namespace gigahop::partition {

enum class Split : uint8_t { kNone = 0, kTrain = 1, kValid = 2, kTest = 3 };

struct NodeAttributes {
  std::vector<int64_t> labels;  // [block], -1 = unlabelled; empty without labels
  std::vector<Split> splits;    // [block]
};

/// Errors      Error{kData} naming file and node: an id that is no node, a node that stands twice in the splits, a node
///             of a split without label, a label beyond the classes; with labels, an empty train.npy
/// Collective  all ranks, same arguments
/// Cost        8 bytes sent per node of a split; buffers of 3 chunk_bytes
NodeAttributes read_node_attributes(const comm::Communicator& comm, const graph::DatasetFolder& dataset,
                                    const NodeBlocks& blocks, int64_t chunk_bytes);

}  // namespace gigahop::partition
