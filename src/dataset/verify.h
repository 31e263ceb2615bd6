/// Every invariant of a dataset folder, checked one after the other: the oracle of importers and of `gigahop inspect
/// --verify`.
///
///   files       sizes, dtypes, shapes and checksums are those of the manifest
///   edges       at least one; every end in [0, N)
///   features    finite
///   labels      in [-1, C)
///   splits      ids in [0, N), labelled, each node once over all three
///   names       N lines; class names: none or C, all different
///   counts      those of the manifest
#pragma once

#include <cstdint>
#include <filesystem>

namespace gigahop::dataset {

struct DatasetFacts {
  int64_t num_self_loops = 0;
  int64_t num_isolated = 0;  // nodes without an edge to another node
  int64_t max_degree = 0;    // edge ends per node, duplicates counted, self-loops not
  int64_t num_unlabelled = 0;
};

/// Error{kData} for the first fault, naming file and place. Serial; memory: 8 bytes per node that has edges, and what
/// is mapped.
DatasetFacts verify_dataset(const std::filesystem::path& folder);

}  // namespace gigahop::dataset
