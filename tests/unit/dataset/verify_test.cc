#include "dataset/verify.h"

#include <gtest/gtest.h>

#include <limits>

#include "array/manifest.h"
#include "support/dataset_inputs.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;
using namespace gigahop::tests;

/// A valid dataset in memory, written without DatasetWriter; every test spoils one thing and writes it with right
/// checksums.
struct RawDataset {
  int64_t num_nodes = 4;
  std::vector<int64_t> edges = {0, 1, 2, 1, 1, 2};  // 0-1, 1-1, 2-2
  std::vector<float> features = {0, 1, 2, 3};
  std::vector<int64_t> labels = {0, 1, 1, -1};
  std::vector<int64_t> train = {0};
  std::vector<int64_t> valid = {1};
  std::vector<int64_t> test = {2};
  std::vector<std::string> class_names = {"a", "b"};
  std::string names = "p\nq\nr\ns\n";
};

class Verify : public testing::Test {
 protected:
  void write() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    proto::Dataset manifest;
    manifest.set_format_version(1);
    manifest.set_num_nodes(raw_.num_nodes);
    manifest.set_num_edges(static_cast<int64_t>(raw_.edges.size()) / 2);
    manifest.set_feature_width(1);
    manifest.set_num_classes(2);
    for (const std::string& name : raw_.class_names) manifest.add_class_names(name);
    manifest.set_num_train(static_cast<int64_t>(raw_.train.size()));
    manifest.set_num_valid(static_cast<int64_t>(raw_.valid.size()));
    manifest.set_num_test(static_cast<int64_t>(raw_.test.size()));
    auto& records = *manifest.mutable_arrays();
    const auto add = [&]<class T>(const char* file, const std::vector<T>& values, std::vector<int64_t> shape) {
      array::add_record(records, array::write_npy<T>(folder_ / file, values, std::move(shape)));
    };
    add("edges.npy", raw_.edges, {2, manifest.num_edges()});
    add("features.npy", raw_.features, {static_cast<int64_t>(raw_.features.size()), 1});
    add("labels.npy", raw_.labels, {static_cast<int64_t>(raw_.labels.size())});
    add("train.npy", raw_.train, {manifest.num_train()});
    add("valid.npy", raw_.valid, {manifest.num_valid()});
    add("test.npy", raw_.test, {manifest.num_test()});
    write_text_file(folder_ / "names.txt", raw_.names);
    array::add_plain_record(records, folder_, "names.txt");
    array::write_text_proto(folder_ / "dataset.textproto", manifest);
  }
  void expect_fault(const std::vector<std::string>& parts) {
    write();
    expect_error(ErrorKind::kData, parts, [&] { verify_dataset(folder_); });
    raw_ = {};
  }

  fs::path folder_ = fresh_test_folder() / "dataset";
  RawDataset raw_;
};

TEST_F(Verify, accepts_what_is_valid_and_counts_what_people_ask) {
  write();
  const DatasetFacts facts = verify_dataset(folder_);
  EXPECT_EQ(facts.num_self_loops, 2);
  EXPECT_EQ(facts.num_isolated, 2);
  EXPECT_EQ(facts.max_degree, 1);
  EXPECT_EQ(facts.num_unlabelled, 1);
}

TEST_F(Verify, names_the_place_of_every_broken_invariant) {
  raw_.edges[4] = 4;
  expect_fault({"edges.npy, edge 1", "from 0 to 3", "found 4"});
  raw_.edges[2] = -1;
  expect_fault({"edges.npy, edge 2", "found -1"});
  raw_.edges.clear();
  expect_fault({"edges.npy", "at least one edge"});
  raw_.features[2] = std::numeric_limits<float>::quiet_NaN();
  expect_fault({"features.npy, node 2, column 0", "nan"});
  raw_.features.pop_back();
  expect_fault({"features.npy"});
  raw_.labels[1] = 2;
  expect_fault({"labels.npy", "node 1", "found 2"});
  raw_.labels.push_back(0);
  expect_fault({"labels.npy"});
  raw_.train = {9};
  expect_fault({"train.npy", "entry 0", "found 9"});
  raw_.valid = {3};
  expect_fault({"valid.npy", "entry 0", "a node with a label"});
  raw_.test = {2, 0};
  expect_fault({"test.npy, entry 1", "once over all splits", "node 0"});
  raw_.class_names = {"a"};
  expect_fault({"dataset.textproto", "2 class names", "found 1"});
  raw_.class_names = {"a", "a"};
  expect_fault({"dataset.textproto", "different class names"});
  raw_.names = "p\n";
  expect_fault({"names.txt", "4 lines", "found 1"});
}

TEST_F(Verify, notices_a_changed_byte_a_missing_file_and_another_version) {
  for (const std::string file : {"edges.npy", "features.npy", "labels.npy", "names.txt"}) {
    write();
    std::string bytes = read_file(folder_ / file);
    bytes[bytes.size() - 2] ^= 1;
    write_file(folder_ / file, bytes);
    expect_error(ErrorKind::kData, {file}, [&] { verify_dataset(folder_); });
    fs::remove(folder_ / file);
    expect_error(ErrorKind::kData, {file}, [&] { verify_dataset(folder_); });
  }
  write();
  std::string manifest = read_file(folder_ / "dataset.textproto");
  manifest.replace(manifest.find("format_version: 1"), 17, "format_version: 2");
  write_file(folder_ / "dataset.textproto", manifest);
  expect_error(ErrorKind::kData, {"dataset.textproto", "format version"}, [&] { verify_dataset(folder_); });
}

}  // namespace
}  // namespace gigahop::dataset
