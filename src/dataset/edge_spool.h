/// Edges that come as pairs, or as rows, written as the two rows of edges.npy in bounded memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "array/npy.h"

namespace gigahop::dataset {

/// Sources and targets go to two temporary files beside edges.npy, and are joined at the end, when E is known.
class EdgeSpool {
 public:
  explicit EdgeSpool(std::filesystem::path folder);

  void append_pairs(std::span<const int64_t> sources, std::span<const int64_t> targets);
  int64_t num_edges() const { return num_edges_; }
  /// Writes edges.npy [2, E] int64 and removes the temporary files.
  array::ArrayFile finish();

 private:
  /// One row, buffered.
  struct Row {
    explicit Row(const std::filesystem::path& path);
    void append(std::span<const int64_t> ids);
    void flush();
    void copy_to(array::NpyWriter& writer);
    OutputFile file;
    std::vector<int64_t> buffer;
  };

  std::filesystem::path folder_;
  Row sources_;
  Row targets_;
  int64_t num_edges_ = 0;
};

}  // namespace gigahop::dataset
