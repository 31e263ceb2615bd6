#include "partition/choose_parts.h"

#include <string>

#include "base/error.h"
#include "partition/constraints.h"
#include "partition/forecast.h"
#include "partition/given_parts.h"
#include "partition/hash_partition.h"
#include "partition/metis_partition.h"
#include "partition/multilevel/multilevel.h"
#include "partition/multilevel/part_state.h"

namespace gigahop::partition {
namespace {

/// Up to here METIS alone takes seconds, and its cut is as good as any.
constexpr int64_t kSmallForMetis = 10'000'000;

void check_companions(const PartitionOptions& options) {
  const bool may_refine = options.method == Method::kAuto || options.method == Method::kMultilevel;
  const bool may_be_given = options.method == Method::kAuto || options.method == Method::kGiven;
  if (options.refine_from.has_value() && !may_refine) {
    throw config_error("--refine", "partition.method MULTILEVEL or AUTO", "another method");
  }
  if (options.part_of_node.empty()) {
    if (options.method != Method::kGiven) return;
    throw config_error("partition.part_of_node", "a .npy file, with partition.method GIVEN", "none");
  }
  if (!may_be_given || options.refine_from.has_value()) {
    throw config_error("partition.part_of_node", "partition.method GIVEN or AUTO, and no --refine",
                       "another method or --refine");
  }
}

std::vector<int32_t> by_metis(const comm::Communicator& comm, const PartitionOptions& options,
                              const DistributedGraph& graph, const ConstraintWeights& constraints) {
  return metis_partition(comm, graph, constraints,
                         {.num_parts = options.num_parts,
                          .imbalance = options.imbalance,
                          .seed = options.seed,
                          .chunk_bytes = options.chunk_bytes,
                          .index_limit = options.metis_limit});
}

std::vector<int32_t> by_levels(const comm::Communicator& comm, const PartitionOptions& options,
                               const DistributedGraph& graph, const ConstraintWeights& constraints) {
  const MultilevelOptions multilevel{.num_parts = options.num_parts,
                                     .imbalance = options.imbalance,
                                     .seed = options.seed,
                                     .chunk_bytes = options.chunk_bytes};
  if (!options.refine_from.has_value()) {
    return multilevel_partition(comm, graph, constraints.num_constraints, constraints.weights, multilevel);
  }
  std::vector<int32_t> parts = read_earlier_parts(comm, *options.refine_from, graph.blocks, options.num_parts);
  parts.resize(static_cast<size_t>(graph.num_owned()), kNoPart);
  refine_partition(comm, graph, constraints.num_constraints, constraints.weights, multilevel, parts);
  return parts;
}

}  // namespace

Method resolve_method(const PartitionOptions& options, const proto::Dataset& dataset, int num_ranks,
                      int64_t memory_bytes) {
  check_companions(options);
  if (options.method != Method::kAuto) return options.method;
  if (!options.part_of_node.empty()) return Method::kGiven;
  const int64_t entries = 2 * dataset.num_edges();
  const bool fits = entries <= options.metis_limit && dataset.num_nodes() <= options.metis_limit &&
                    forecast_metis_bytes(dataset.num_nodes(), entries) <= memory_bytes;
  const bool metis = num_ranks == 1 && fits && entries <= kSmallForMetis && !options.refine_from.has_value();
  return metis ? Method::kMetis : Method::kMultilevel;
}

std::string_view name_of(Method method, const PartitionOptions& options) {
  if (options.refine_from.has_value()) return "REFINED";
  switch (method) {
    case Method::kMultilevel:
      return "MULTILEVEL";
    case Method::kMetis:
      return "METIS";
    case Method::kHash:
      return "HASH";
    case Method::kGiven:
      return "GIVEN";
    case Method::kAuto:
      break;
  }
  throw Error(ErrorKind::kInternal, "a method is named once it is resolved");
}

void check_start(const PartitionOptions& options, Method method, int64_t num_nodes) {
  if (method == Method::kGiven) check_given_parts(options.part_of_node, num_nodes);
  if (options.refine_from.has_value()) {
    check_earlier_parts(*options.refine_from, num_nodes, options.num_parts);
  }
}

bool needs_edges(Method method) {
  return method == Method::kMultilevel || method == Method::kMetis;
}

std::vector<int32_t> choose_parts(const comm::Communicator& comm, const PartitionOptions& options, Method method,
                                  const DistributedGraph& graph, const NodeAttributes& attributes) {
  const NodeBlocks& blocks = graph.blocks;
  if (method == Method::kGiven) return read_given_parts(comm, options.part_of_node, blocks, options.num_parts);
  if (method == Method::kHash) {
    return hash_partition(blocks.first(comm.rank()), blocks.size(comm.rank()), options.num_parts, options.seed);
  }
  const ConstraintWeights constraints =
      constraint_weights_of_block(comm, graph, attributes.splits, options.num_parts, options.balance);
  return method == Method::kMetis ? by_metis(comm, options, graph, constraints)
                                  : by_levels(comm, options, graph, constraints);
}

}  // namespace gigahop::partition
