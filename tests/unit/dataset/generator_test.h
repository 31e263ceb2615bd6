/// What tests of all generators share: one output folder, made anew for each call, and how well classes keep together.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "dataset/import.h"
#include "support/dataset_inputs.h"

namespace gigahop::tests {

class GeneratorTest : public testing::Test {
 protected:
  /// What `generate` makes of these options.
  template <class Options>
  graph::DatasetFolder made_by(dataset::ImportSummary (*generate)(const Options&, const dataset::Destination&),
                               const Options& options) {
    std::filesystem::remove_all(output_);
    generate(options, {.folder = output_});
    return graph::DatasetFolder(output_);
  }

  std::filesystem::path folder_ = fresh_test_folder();
  std::filesystem::path output_ = folder_ / "out";
};

inline double share_between_classes(const graph::DatasetFolder& dataset) {
  int64_t between = 0;
  const Pairs edges = edges_of(dataset);
  for (const auto& [source, target] : edges) {
    between += dataset.labels()[static_cast<size_t>(source)] != dataset.labels()[static_cast<size_t>(target)] ? 1 : 0;
  }
  return static_cast<double>(between) / static_cast<double>(edges.size());
}

}  // namespace gigahop::tests
