#include <gtest/gtest.h>

#include "dataset/import.h"
#include "dataset/verify.h"
#include "support/dataset_inputs.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;
using namespace gigahop::tests;

/// Three nodes with the arrays of the heterophilous datasets of Platonov and others; every test spoils one.
class ImportNpz : public testing::Test {
 protected:
  ImportNpz() {
    arrays_["edges"] = npy<int64_t>("<i8", "(2, 2)", {0, 1, 1, 2});
    arrays_["node_features"] = npy<float>("<f4", "(3, 2)", {1, 2, 3, 4, 5, 6});
    arrays_["node_labels"] = npy<int64_t>("<i8", "(3,)", {1, 0, 1});
    arrays_["train_masks"] = npy<uint8_t>("|b1", "(2, 3)", {1, 0, 0, 0, 1, 0});
    arrays_["val_masks"] = npy<uint8_t>("|b1", "(2, 3)", {0, 1, 0, 0, 0, 1});
    arrays_["test_masks"] = npy<uint8_t>("|b1", "(2, 3)", {0, 0, 1, 1, 0, 0});
    options_.archive = folder_ / "a.npz";
  }
  void import() {
    write_npz(options_.archive, arrays_);
    fs::remove_all(output_);
    import_npz(options_, {.folder = output_});
    verify_dataset(output_);
  }
  void expect_refusal(const std::vector<std::string>& parts) {
    write_npz(options_.archive, arrays_);
    fs::remove_all(output_);
    expect_refused(output_, parts, [&] { import_npz(options_, {.folder = output_}); });
  }
  std::vector<int64_t> train() { return ids_of(graph::DatasetFolder(output_).train()); }

  fs::path folder_ = fresh_test_folder();
  fs::path output_ = folder_ / "out";
  std::map<std::string, std::string> arrays_;
  NpzOptions options_;
};

TEST_F(ImportNpz, reads_pairs_and_the_chosen_row_of_the_masks) {
  import();
  const graph::DatasetFolder dataset(output_);
  EXPECT_EQ(edges_of(dataset), (Pairs{{0, 1}, {1, 2}}));
  EXPECT_TRUE(std::ranges::equal(dataset.features().values<float>(), std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(train(), std::vector<int64_t>{0});
  options_.train = "train_masks[1]";
  options_.valid = "val_masks[1]";
  options_.test = "test_masks[1]";
  import();
  EXPECT_EQ(train(), std::vector<int64_t>{1});
}

TEST_F(ImportNpz, takes_columns_plain_masks_and_ids_too) {
  arrays_["train_masks"] = npy<uint8_t>("|b1", "(3, 2)", {1, 0, 0, 1, 0, 0});
  import();
  EXPECT_EQ(train(), std::vector<int64_t>{0});
  arrays_["m"] = npy<uint8_t>("|u1", "(3,)", {1, 0, 0});
  options_.train = "m";
  import();
  EXPECT_EQ(train(), std::vector<int64_t>{0});
  arrays_["i"] = npy<int32_t>("<i4", "(1,)", {0});
  options_.train = "i";
  import();
  EXPECT_EQ(train(), std::vector<int64_t>{0});
}

TEST_F(ImportNpz, goes_without_arrays_that_are_not_named) {
  options_.train = options_.valid = options_.test = options_.labels = options_.features = "";
  arrays_["edges"] = npy<int64_t>("<i8", "(2, 3)", {0, 1, 2, 1, 2, 0});
  import();
  EXPECT_EQ(edges_of(graph::DatasetFolder(output_)), (Pairs{{0, 1}, {1, 2}, {2, 0}}));
}

TEST_F(ImportNpz, names_the_array_of_every_fault) {
  options_.features = "x";
  expect_refusal({"a.npz", "an array named x", "node_features"});
  options_.features = "node_features";
  options_.train = "train_masks[2]";
  expect_refusal({"train_masks", "a mask from 0 to 1", "[2]"});
  options_.train = "train_masks";
  expect_refusal({"train_masks", "node ids or a mask", "[2, 3]"});
  options_.train = "node_labels[0]";
  expect_refusal({"node_labels", "matrix of masks", "int64 [3]"});
  options_.train = "train_masks[0]";
  arrays_["train_masks"] = npy<uint8_t>("|u1", "(2, 3)", {1, 2, 0, 0, 1, 0});
  expect_refusal({"train_masks, element 1", "0 or 1", "found 2"});
  arrays_["train_masks"] = npy<uint8_t>("|b1", "(2, 4)", {1, 0, 0, 0, 1, 0, 0, 0});
  expect_refusal({"train_masks", "[R, 3]", "[2, 4]"});
  arrays_["edges"] = npy<int64_t>("<i8", "(2, 2)", {0, 1, 1, 3});
  arrays_["train_masks"] = npy<uint8_t>("|b1", "(2, 3)", {1, 0, 0, 0, 1, 0});
  expect_refusal({"array edges, edge 1", "from 0 to 2", "found 3"});
}

TEST_F(ImportNpz, refuses_selectors_that_are_none) {
  write_npz(options_.archive, arrays_);
  for (const std::string text :
       {"train_masks[", "train_masks[]", "train_masks[x]", "train_masks[-1]", "train_masks[0"}) {
    options_.train = text;
    expect_error(ErrorKind::kConfig, {text, "NAME[k]"}, [&] { import_npz(options_, {.folder = output_}); });
    EXPECT_FALSE(fs::exists(output_));
  }
}

TEST_F(ImportNpz, refuses_truncated_archives_and_members_shorter_than_their_headers) {
  write_npz(options_.archive, arrays_);
  const std::string whole = read_file(options_.archive);
  for (const size_t size : {size_t{0}, size_t{10}, whole.size() / 2, whole.size() - 1}) {
    write_file(options_.archive, whole.substr(0, size));
    expect_refused(output_, {"a.npz"}, [&] { import_npz(options_, {.folder = output_}); });
  }
  arrays_["node_features"] = npy<float>("<f4", "(3, 2)", {1, 2, 3});
  expect_refusal({"a.npz", "node_features"});
  arrays_["node_features"] = npy<float>("<f4", "(1000000000000, 1000000)", {1, 2, 3});
  expect_refusal({"a.npz", "node_features"});
}

}  // namespace
}  // namespace gigahop::dataset
