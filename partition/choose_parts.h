/// The one decision of partitioning: which node goes to which part, by the method asked for.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "comm/communicator.h"
#include "partition/distributed_graph.h"
#include "partition/node_attributes.h"
#include "partition/options.h"
#include "proto/dataset.pb.h"

namespace gigahop::partition {

/// What kAuto stands for: kGiven where part_of_node is set; kMultilevel with more than one rank or for a refinement, or
/// where METIS would exceed its index limit or `memory_bytes`, or takes longer than it is worth; else kMetis. Other
/// methods stand for themselves.
///
/// Pure.
/// Errors  Error{kConfig} if part_of_node or refine_from are set with a method that has no use for them, or kGiven
///         lacks its file
Method resolve_method(const PartitionOptions& options, const proto::Dataset& dataset, int num_ranks,
                      int64_t memory_bytes);

/// "MULTILEVEL", "METIS", "HASH", "GIVEN"; "REFINED" for parts improved from earlier ones.
std::string_view name_of(Method method, const PartitionOptions& options);

/// What can be said of the files that the method starts from before any edge is read: Error{kData} for one that is not
/// there, or of another shape.
void check_start(const PartitionOptions& options, Method method, int64_t num_nodes);

/// kHash and kGiven look at no edge.
bool needs_edges(Method method);

/// [block] part of each node of this rank's block.
///
/// method      resolved
/// graph       symmetric where the method needs edges
/// Errors      those of the methods
/// Collective  all ranks, same options
std::vector<int32_t> choose_parts(const comm::Communicator& comm, const PartitionOptions& options, Method method,
                                  const DistributedGraph& graph, const NodeAttributes& attributes);

}  // namespace gigahop::partition
