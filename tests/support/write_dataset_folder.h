/// Writes a small dataset folder from the same description as the plain writer of partition folders.
#pragma once

#include <filesystem>

#include "proto/dataset.pb.h"
#include "support/tiny_graphs.h"

namespace gigahop::tests {

enum class EdgeDtype { kInt64, kInt32 };
enum class FeatureDtype { kFloat32, kBFloat16 };

/// The graph, features, labels, splits and positional encodings of `input`; its parts play no role. An existing folder
/// is replaced. Returns the manifest.
proto::Dataset write_dataset_folder(const std::filesystem::path& folder, const PartitionInput& input,
                                    EdgeDtype edge_dtype = EdgeDtype::kInt64,
                                    FeatureDtype feature_dtype = FeatureDtype::kFloat32);

}  // namespace gigahop::tests
