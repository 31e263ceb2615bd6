/// Parts to ranks at launch: parts that talk to each other on the same rank, ranks equally loaded.
#pragma once

#include <cstdint>
#include <vector>

#include "proto/partition.pb.h"

namespace gigahop::partition {

/// [P] rank of each part, from METIS on the quotient graph; where METIS leaves the heaviest rank more than 5 % above
/// what plain longest-first assignment reaches, that one. A part weighs its training nodes (its share of every step)
/// and, less, its owned nodes. Ranks are numbered by their first part. One part per rank: the identity. Every rank gets
/// a part.
///
/// Pure, and a function of the manifest and num_ranks alone.
/// Errors  Error{kConfig} if there are more ranks than parts
std::vector<int32_t> assign_parts(const proto::Partition& partition, int num_ranks);

}  // namespace gigahop::partition
