/// A dataset folder opened: its manifest and its arrays, mapped; every extent checked against the manifest.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "array/manifest.h"
#include "base/ids.h"
#include "proto/dataset.pb.h"

namespace gigahop::graph {

inline constexpr int kDatasetFormatVersion = 1;
inline constexpr char kDatasetManifest[] = "dataset.textproto";

/// Error{kData} if the folder holds no dataset.textproto, another format version, or files that differ from it.
class DatasetFolder {
 public:
  explicit DatasetFolder(const std::filesystem::path& folder, array::Verify verify = array::Verify::kSize);

  const std::filesystem::path& path() const { return path_; }
  const proto::Dataset& manifest() const { return manifest_; }

  /// [2, E], int64 or int32: sources, then targets. Ids are not checked here: whoever reads them does.
  const array::NpyArray& edges() const { return edges_; }
  /// Ends of edges [first, first + count) as int64, whatever lies on disk; read, not mapped.
  void read_edges(int64_t first, int64_t count, std::span<int64_t> sources, std::span<int64_t> targets) const;

  bool has_features() const { return manifest_.feature_width() > 0; }
  bool has_labels() const { return manifest_.num_classes() > 0; }
  bool has_positional() const { return manifest_.positional_width() > 0; }
  const array::NpyArray& features() const;    // [N, F] float32, float16 or bfloat16; Error{kData} if there are none
  const array::NpyArray& positional() const;  // [N, G] float32; likewise
  std::span<const int64_t> labels() const;    // [N], -1 = unlabelled; empty without labels
  std::span<const OriginalId> train() const { return train_.values<OriginalId>(); }
  std::span<const OriginalId> valid() const { return valid_.values<OriginalId>(); }
  std::span<const OriginalId> test() const { return test_.values<OriginalId>(); }

  /// Which graph this is: XXH3-64 over the checksums of its arrays.
  uint64_t fingerprint() const;

 private:
  std::filesystem::path path_;
  proto::Dataset manifest_;
  array::NpySliceReader edge_slices_;
  array::NpyArray edges_, features_, positional_, labels_, train_, valid_, test_;
};

}  // namespace gigahop::graph
