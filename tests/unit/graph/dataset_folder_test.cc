#include "graph/dataset_folder.h"

#include <gtest/gtest.h>

#include "support/bad_input.h"

namespace gigahop::graph {
namespace {

namespace fs = std::filesystem;
using tests::expect_data_error;

fs::path test_folder() {
  const fs::path folder = fs::path(testing::TempDir()) / "dataset_folder_test";
  fs::create_directories(folder);
  return folder;
}

void write_manifest(const proto::Dataset& manifest) {
  tests::write_bytes(test_folder() / kDatasetManifest, array::to_text(manifest));
}

/// Three nodes, four edges, two classes.
template <class End>
proto::Dataset write_dataset() {
  const fs::path folder = test_folder();
  proto::Dataset manifest;
  manifest.set_format_version(kDatasetFormatVersion);
  manifest.set_num_nodes(3);
  manifest.set_num_edges(4);
  manifest.set_feature_width(2);
  manifest.set_num_classes(2);
  manifest.set_num_train(2);
  manifest.set_num_test(1);
  auto& records = *manifest.mutable_arrays();
  const std::vector<End> edges = {0, 1, 2, 2, 1, 2, 0, 1};
  const std::vector<Float16> features(6, to_float16(0.5F));
  const std::vector<int64_t> labels = {0, 1, -1};
  array::add_record(records, array::write_npy<End>(folder / "edges.npy", edges, {2, 4}));
  array::add_record(records, array::write_npy<Float16>(folder / "features.npy", features, {3, 2}));
  array::add_record(records, array::write_npy<int64_t>(folder / "labels.npy", labels, {3}));
  array::add_record(records, array::write_npy<int64_t>(folder / "train.npy", std::vector<int64_t>{1, 0}, {2}));
  array::add_record(records, array::write_npy<int64_t>(folder / "test.npy", std::vector<int64_t>{1}, {1}));
  write_manifest(manifest);
  return manifest;
}

template <class End>
void expect_edges() {
  write_dataset<End>();
  const DatasetFolder dataset(test_folder());
  std::vector<int64_t> sources(2);
  std::vector<int64_t> targets(2);
  dataset.read_edges(1, 2, sources, targets);
  EXPECT_EQ(sources, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(targets, (std::vector<int64_t>{2, 0}));
  dataset.read_edges(4, 0, {}, {});
  EXPECT_THROW(dataset.read_edges(3, 2, sources, targets), Error);
}

TEST(DatasetFolder, reads_edges_of_32_and_64_bits) {
  expect_edges<int32_t>();
  expect_edges<int64_t>();
}

TEST(DatasetFolder, shows_what_it_has_and_refuses_what_it_has_not) {
  const proto::Dataset manifest = write_dataset<int64_t>();
  const DatasetFolder dataset(test_folder(), array::Verify::kChecksum);
  EXPECT_EQ(dataset.features().dtype(), array::DType::kFloat16);
  EXPECT_EQ(dataset.labels()[2], -1);
  EXPECT_EQ(dataset.train()[0], OriginalId(1));
  EXPECT_TRUE(dataset.valid().empty());
  EXPECT_FALSE(dataset.has_positional());
  expect_data_error([&] { dataset.positional(); }, "positional.npy");
  EXPECT_EQ(dataset.fingerprint(), array::fingerprint(manifest.arrays()));
}

void expect_refused(const std::function<void(proto::Dataset&)>& change, const std::string& part) {
  proto::Dataset manifest = write_dataset<int64_t>();
  change(manifest);
  write_manifest(manifest);
  expect_data_error([] { DatasetFolder{test_folder()}; }, "dataset_folder_test");
  expect_data_error([] { DatasetFolder{test_folder()}; }, part);
}

TEST(BadDataset, says_which_field_or_file_is_wrong) {
  expect_refused([](auto& m) { m.set_format_version(9); }, "format version 1, found 9");
  expect_refused([](auto& m) { m.set_first_num_nodes(0); }, "first_num_nodes");
  expect_refused([](auto& m) { m.set_first_num_nodes(4); }, "first_num_nodes");
  expect_refused([](auto& m) { m.set_num_nodes(0); }, "num_nodes");
  expect_refused([](auto& m) { m.set_num_nodes(4); }, "features.npy: expected shape (4, 2)");
  expect_refused([](auto& m) { m.set_num_edges(-4); }, "num_edges");
  expect_refused([](auto& m) { m.set_num_edges(5); }, "edges.npy: expected shape (2, 5), found shape (2, 4)");
  expect_refused([](auto& m) { m.set_feature_width(-1); }, "feature_width");
  expect_refused([](auto& m) { m.set_num_train(1); }, "train.npy");
  expect_refused([](auto& m) { m.set_num_train(-1); }, "num_train");
  expect_refused([](auto& m) { m.set_num_valid(1); }, "valid.npy");
  expect_refused([](auto& m) { m.add_class_names("only one"); }, "class names");
  expect_refused([](auto& m) { m.set_positional_width(2); }, "positional.npy");
  expect_refused([](auto& m) { m.clear_arrays(); }, "edges.npy");
}

TEST(BadDataset, split_ids_and_labels_out_of_range_are_named) {
  proto::Dataset manifest = write_dataset<int64_t>();
  const auto replace = [&](int record, const char* file, const std::vector<int64_t>& values) {
    array::ArrayRecords one;
    array::add_record(one,
                      array::write_npy<int64_t>(test_folder() / file, values, {static_cast<int64_t>(values.size())}));
    *manifest.mutable_arrays(record) = one.Get(0);
    write_manifest(manifest);
  };
  replace(2, "labels.npy", {0, 2, -1});
  EXPECT_NO_THROW(DatasetFolder{test_folder()});
  expect_data_error([] { DatasetFolder(test_folder(), array::Verify::kChecksum); }, "labels.npy: node 1");
  replace(3, "train.npy", {1, 3});
  expect_data_error([] { DatasetFolder{test_folder()}; }, "train.npy: entry 1");
  replace(3, "train.npy", {-1, 1});
  expect_data_error([] { DatasetFolder{test_folder()}; }, "train.npy: entry 0");
}

TEST(BadDataset, every_truncation_is_one_error_that_names_the_file) {
  write_dataset<int64_t>();
  for (const char* file : {"edges.npy", "features.npy", "labels.npy", "train.npy"}) {
    const std::string good = read_text_file(test_folder() / file);
    tests::for_each_truncation(good, [&](const std::string& bytes) {
      tests::write_bytes(test_folder() / file, bytes);
      expect_data_error([] { DatasetFolder{test_folder()}; }, file);
    });
    tests::write_bytes(test_folder() / file, good);
  }
  expect_data_error([] { DatasetFolder{test_folder() / "absent"}; }, "dataset.textproto");
}

}  // namespace
}  // namespace gigahop::graph
