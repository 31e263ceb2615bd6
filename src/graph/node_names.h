/// The names of nodes, line i of names.txt for node i: found by id, by name, and by what a misspelt name resembles.
///
/// The file is mapped; of where its lines begin one in 256 is kept, so that memory is N / 32 bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "graph/dataset_folder.h"

namespace gigahop::graph {

inline constexpr char kNamesFile[] = "names.txt";

class NodeNames {
 public:
  /// Error{kData} if the file has another number of lines than the dataset has nodes.
  explicit NodeNames(const DatasetFolder& dataset);

  /// False for a dataset without names.
  bool exist() const { return !starts_.empty(); }

  /// Error{kInternal} if there are none, or for an id that is no node's. Cost: at most 256 lines are passed over.
  std::string_view name(OriginalId id) const;

  /// The name, or the id as a number where there are none.
  std::string name_or_id(OriginalId id) const;

  /// The first node of that name. Cost: reads the file once.
  std::optional<OriginalId> find(std::string_view name) const;

  /// The `count` names nearest in spelling, the nearest first, those of equal distance in the order of the nodes.
  /// Cost: reads the file once, and compares the names whose lengths are near enough.
  std::vector<std::string> nearest(std::string_view name, size_t count) const;

 private:
  std::string_view text() const;
  /// The line that begins at `begin`, without its end.
  std::string_view line_at(size_t begin) const;

  MappedFile file_;
  int64_t num_nodes_ = 0;
  std::vector<size_t> starts_;  // of lines 0, 256, 512, ...
};

/// The name of a class, or its number where the dataset does not name it. Pure.
std::string class_name(const proto::Dataset& dataset, int64_t number);

/// The node that a person means: a name, or else an id. Error{kConfig} at `place` with the nearest names if it is
/// neither.
OriginalId find_node(const NodeNames& names, int64_t num_nodes, std::string_view name_or_id, std::string_view place);

}  // namespace gigahop::graph
