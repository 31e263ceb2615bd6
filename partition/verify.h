/// Holds a partition folder to everything it promises: serial, slow and obvious. `gigahop inspect --verify` and the
/// tests.
#pragma once

#include <filesystem>

namespace gigahop::partition {

/// Returns if all of this holds, else throws Error{kData} naming the file and the first thing that does not:
///
///   1. sizes, dtypes, shapes and checksums of all files are those of the manifests
///   2. owned sets partition the nodes; original ids ascend in each part; part_of_node.npy says the same
///   3. columns ascend in each row, name owned or halo nodes, never the row itself
///   4. the halo ascends, is not owned, and every halo node is the neighbour of some row
///   5. unless directed, every edge stands in the rows of both its ends
///   6. degrees_halo.npy has the degrees that the owners have
///   7. splits ascend and are disjoint; their nodes have labels where there are labels
///   8. counts, quotient graph and quality figures of partition.textproto are those of the shards
///
/// Cost  memory of the whole graph, 16 bytes an entry
void verify_partition(const std::filesystem::path& partition_folder);

/// And that it is this dataset's: the same graph (symmetrised unless the partition is directed), features, labels,
/// splits and positional encodings.
void verify_partition_of(const std::filesystem::path& partition_folder, const std::filesystem::path& dataset_folder);

}  // namespace gigahop::partition
