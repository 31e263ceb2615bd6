/// A folder of predictions beside the dataset they are of: what people read, with names for nodes and classes.
///
/// Everything is mapped and read from front to back, so memory does not grow with the number of nodes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "array/npy.h"
#include "base/ids.h"
#include "graph/dataset_folder.h"
#include "graph/node_names.h"

namespace gigahop::launch {

struct Misfiled {
  OriginalId id;
  int64_t label = 0;
  int64_t predicted = 0;
  float probability = 0;
};

/// A field of a CSV file (RFC 4180): in quotes where it holds a comma, a quote or the end of a line. Pure.
std::string csv_field(std::string_view text);

class PredictionTable {
 public:
  /// predictions: a folder with predictions.npy and probabilities.npy, perhaps nodes.npy. The dataset must outlive it.
  /// Error{kData} where they disagree.
  PredictionTable(const std::filesystem::path& predictions, const graph::DatasetFolder& dataset);

  /// "id,name,predicted,probability,true", then a line per predicted node. name is empty in a dataset without names,
  /// true where the node is unlabelled. Written to a temporary name, synced, renamed.
  void write_csv(const std::filesystem::path& path) const;

  /// The `count` labelled nodes with the largest probability of another class than theirs, by descending probability.
  std::vector<Misfiled> find_misfiled(int64_t count) const;

 private:
  OriginalId id_of(int64_t row) const;
  int64_t label_of(OriginalId id) const;

  const graph::DatasetFolder& dataset_;
  graph::NodeNames names_;
  array::NpyArray predictions_, probabilities_, nodes_;
};

}  // namespace gigahop::launch
