/// How good a partition is: cut, halo, balance, and which parts talk to which.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "graph/partition_folder.h"
#include "proto/partition.pb.h"

namespace gigahop::partition {

/// Everything of one part that the figures of the whole need.
struct PartFigures {
  int64_t part = 0;
  int64_t num_owned = 0;
  int64_t num_halo = 0;
  int64_t num_edges = 0;
  int64_t num_cut_edges = 0;
  int64_t num_train = 0;
  int64_t num_valid = 0;
  int64_t num_test = 0;
};

/// Halo nodes of part `from` that part `to` owns.
struct HaloShare {
  int64_t from = 0;
  int64_t to = 0;
  int64_t num_nodes = 0;
};

/// halo_ids: new global ids, ascending. Pure.
std::vector<HaloShare> halo_shares(const graph::PartitionMap& map, int part, std::span<const int64_t> halo_ids);

/// Fills parts, part_offsets, num_edges, num_train, num_valid, num_test, quotient and quality of the manifest, which
/// has num_nodes and num_parts. figures: of all parts, ascending; shares in any order. Pure.
void describe_quality(std::span<const PartFigures> figures, std::span<const HaloShare> shares,
                      proto::Partition& partition);

}  // namespace gigahop::partition
