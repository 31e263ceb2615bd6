#include <gtest/gtest.h>

#include <limits>

#include "dataset/import.h"
#include "dataset/verify.h"
#include "support/dataset_inputs.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;
using namespace gigahop::tests;

/// Four nodes as the Open Graph Benchmark ships them; the parameter is the kind. Every test spoils one file.
class ImportOgb : public testing::TestWithParam<bool> {
 protected:
  static bool is_binary() { return GetParam(); }

  ImportOgb() {
    for (const auto& [split, ids] :
         {std::pair("train", "0\n1\n"), std::pair("valid", "2\n"), std::pair("test", "3\n")}) {
      write_gzip(folder_ / "split" / "time" / (std::string(split) + ".csv.gz"), ids);
    }
    write_edges({0, 0, 2}, {1, 2, 3});
    write_features({0.5F, 1, 2, 3, 4, 5, 6, 7});
    write_counts({4}, {3});
    write_labels({1, 0, 1, 1});
  }

  void write_edges(const std::vector<int64_t>& sources, const std::vector<int64_t>& targets) {
    std::string text;
    for (size_t i = 0; i < sources.size(); ++i) {
      text += std::to_string(sources[i]) + "," + std::to_string(targets[i]) + "\n";
    }
    csv_["edge"] = text;
    std::vector<int64_t> rows = sources;
    rows.insert(rows.end(), targets.begin(), targets.end());
    data_["edge_index"] = npy("<i8", "(2, " + std::to_string(sources.size()) + ")", rows);
  }
  void write_features(const std::vector<float>& values) {
    std::string text;
    for (size_t i = 0; i < values.size(); i += 2) {
      text += std::to_string(values[i]) + "," + std::to_string(values[i + 1]) + "\n";
    }
    csv_["node-feat"] = text;
    data_["node_feat"] = npy("<f4", "(" + std::to_string(values.size() / 2) + ", 2)", values);
  }
  void write_labels(const std::vector<float>& values) {
    std::string text;
    for (const float value : values) text += (value == value ? std::to_string(static_cast<int>(value)) : "nan") + "\n";
    csv_["node-label"] = text;
    labels_["node_label"] = npy("<f4", "(" + std::to_string(values.size()) + ", 1)", values);
  }
  void write_counts(const std::vector<int64_t>& nodes, const std::vector<int64_t>& edges) {
    const auto text = [](const std::vector<int64_t>& counts) {
      std::string lines;
      for (const int64_t count : counts) lines += std::to_string(count) + "\n";
      return lines;
    };
    csv_["num-node-list"] = text(nodes);
    csv_["num-edge-list"] = text(edges);
    data_["num_nodes_list"] = npy("<i8", "(" + std::to_string(nodes.size()) + ",)", nodes);
    data_["num_edges_list"] = npy("<i8", "(" + std::to_string(edges.size()) + ",)", edges);
  }

  void write_folder() {
    fs::remove_all(folder_ / "raw");
    if (is_binary()) {
      write_npz(folder_ / "raw" / "data.npz", data_);
      write_npz(folder_ / "raw" / "node-label.npz", labels_);
    } else {
      for (const auto& [name, text] : csv_) write_gzip(folder_ / "raw" / (name + ".csv.gz"), text);
    }
  }
  ImportSummary import() {
    write_folder();
    fs::remove_all(output_);
    const ImportSummary summary = import_ogb(options_, {.folder = output_});
    verify_dataset(output_);
    return summary;
  }
  void expect_refusal(const std::vector<std::string>& parts) {
    write_folder();
    fs::remove_all(output_);
    expect_refused(output_, parts, [&] { import_ogb(options_, {.folder = output_}); });
  }
  std::string file(const std::string& csv, const std::string& npz) const { return is_binary() ? npz : csv; }

  fs::path folder_ = fresh_test_folder();
  fs::path output_ = folder_ / "out";
  OgbOptions options_{.folder = folder_};
  std::map<std::string, std::string> csv_, data_, labels_;
};

TEST_P(ImportOgb, reads_everything_of_the_folder) {
  const ImportSummary summary = import();
  EXPECT_EQ(summary.num_nodes, 4);
  EXPECT_EQ(summary.num_classes, 2);
  EXPECT_EQ(summary.num_train, 2);
  const graph::DatasetFolder dataset(output_);
  EXPECT_EQ(edges_of(dataset), (Pairs{{0, 1}, {0, 2}, {2, 3}}));
  EXPECT_TRUE(std::ranges::equal(dataset.features().values<float>(), std::vector<float>{0.5F, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_TRUE(std::ranges::equal(dataset.labels(), std::vector<int64_t>{1, 0, 1, 1}));
  EXPECT_EQ(ids_of(dataset.train()), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(ids_of(dataset.valid()), std::vector<int64_t>{2});
  EXPECT_EQ(ids_of(dataset.test()), std::vector<int64_t>{3});
}

TEST_P(ImportOgb, nan_labels_are_unlabelled_and_may_be_in_no_split) {
  write_edges({0, 4}, {1, 3});
  write_features({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  write_counts({5}, {2});
  write_labels({1, 0, 1, 1, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_EQ(import().num_unlabelled, 1);
  write_labels({1, 0, 1, std::numeric_limits<float>::quiet_NaN(), 0});
  expect_refusal({"test.csv.gz", "a node with a label", "node 3"});
}

TEST_P(ImportOgb, features_may_be_missing) {
  csv_.erase("node-feat");
  data_.erase("node_feat");
  EXPECT_EQ(import().feature_width, 0);
}

TEST_P(ImportOgb, several_graphs_are_refused) {
  write_counts({3, 1}, {2, 1});
  expect_refusal({file("num-node-list.csv.gz", "num_nodes_list"), "one graph", "only datasets of one graph"});
}

TEST_P(ImportOgb, names_file_and_place_of_every_fault) {
  write_edges({0, 0, 2}, {1, 4, 3});
  expect_refusal({file("edge.csv.gz, line 2", "edge_index, edge 1"), "from 0 to 3", "found 4"});
  write_edges({0, 0}, {1, 2});
  expect_refusal({file("edge.csv.gz", "data.npz"), "3 edges", "found 2"});
  write_edges({0, 0, 2}, {1, 2, 3});
  write_labels({1, 0, 1});
  expect_refusal({file("node-label.csv.gz", "node_label"), "4 nodes", "found 3"});
  write_labels({1, 0, 1, 1});
  write_features({0, 1, 2, 3, 4, 5});
  expect_refusal({file("node-feat.csv.gz", "node_feat"), "4", "found 3"});
  write_features({0, 1, 2, 3, 4, std::numeric_limits<float>::quiet_NaN(), 6, 7});
  expect_refusal({file("node-feat.csv.gz", "node_feat"), "node 2, column 1", "nan"});
  options_.nan = NanPolicy::kZero;
  import();
}

TEST_P(ImportOgb, chooses_among_splits) {
  fs::create_directories(folder_ / "split" / "random");
  expect_refusal({"split", "one folder", "random, time", "say which split"});
  options_.split = "sales";
  expect_refusal({"split", "a folder sales", "random, time"});
  options_.split = "random";
  expect_refusal({"random/train.csv.gz", "No such file"});
  options_.split = "time";
  import();
}

TEST_P(ImportOgb, takes_positional_encodings_beside_it) {
  write_file(folder_ / "p.npy", npy<float>("<f4", "(4, 2)", {1, 2, 3, 4, 5, 6, 7, 8}));
  options_.positional = folder_ / "p.npy";
  import();
  const graph::DatasetFolder dataset(output_);
  EXPECT_TRUE(std::ranges::equal(dataset.positional().values<float>(), std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}));
  write_file(folder_ / "p.npy", npy<float>("<f4", "(2, 2)", {1, 2, 3, 4}));
  expect_refusal({"p.npy", "4", "found 2"});
}

TEST_P(ImportOgb, truncated_files_and_other_folders_are_refused) {
  write_folder();
  const fs::path victim = folder_ / "raw" / file("edge.csv.gz", "data.npz");
  const std::string whole = read_file(victim);
  write_file(victim, whole.substr(0, whole.size() / 2));
  expect_refused(output_, {victim.filename().string()}, [&] { import_ogb(options_, {.folder = output_}); });
  fs::remove_all(folder_ / "raw");
  expect_refused(output_, {"raw", "edge.csv.gz or data.npz"}, [&] { import_ogb(options_, {.folder = output_}); });
  fs::remove_all(folder_ / "split");
  expect_refused(output_, {"split", "none"}, [&] { import_ogb(options_, {.folder = output_}); });
}

INSTANTIATE_TEST_SUITE_P(Kinds, ImportOgb, testing::Values(false, true),
                         [](const auto& kind) { return kind.param ? "binary" : "csv"; });

}  // namespace
}  // namespace gigahop::dataset
