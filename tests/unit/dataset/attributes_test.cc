#include "dataset/attributes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "dataset/import.h"
#include "dataset/verify.h"
#include "support/dataset_inputs.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;
using namespace gigahop::tests;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Four nodes in a path; every test spoils one attribute.
class Attributes : public testing::Test {
 protected:
  Attributes() {
    options_.edges = add("edges", "0 1\n1 2\n2 3\n");
    options_.attributes.labels = add("labels.csv", "0\n1\n1\n-1\n");
    options_.attributes.train = add("train.csv", "0\n");
    options_.attributes.valid = add("valid.csv", "1\n");
    options_.attributes.test = add("test.csv", "2\n");
  }
  fs::path add(const std::string& file, std::string_view bytes) {
    write_file(folder_ / file, bytes);
    return folder_ / file;
  }
  void import() {
    fs::remove_all(output_);
    import_edges(options_, {.folder = output_});
    verify_dataset(output_);
  }
  void expect_refusal(const std::vector<std::string>& parts) {
    fs::remove_all(output_);
    expect_refused(output_, parts, [&] { import_edges(options_, {.folder = output_}); });
  }

  fs::path folder_ = fresh_test_folder();
  fs::path output_ = folder_ / "out";
  EdgesOptions options_;
};

TEST_F(Attributes, are_optional_one_by_one) {
  import();
  options_.attributes.train = options_.attributes.valid = options_.attributes.test = "";
  import();
  options_.attributes.labels = "";
  import();
  EXPECT_FALSE(graph::DatasetFolder(output_).has_labels());
  EXPECT_FALSE(graph::DatasetFolder(output_).has_features());
}

TEST_F(Attributes, features_keep_float16_and_turn_other_numbers_into_float32) {
  const std::vector<Float16> halves = {to_float16(1), to_float16(-2), to_float16(0.5F), to_float16(3)};
  options_.attributes.features = add("f.npy", npy("<f2", "(4, 1)", halves));
  import();
  EXPECT_EQ(graph::DatasetFolder(output_).features().dtype(), array::DType::kFloat16);
  EXPECT_EQ(graph::DatasetFolder(output_).features().values<Float16>()[1].bits, halves[1].bits);
  const std::vector<float> expected = {1, -2, 3, 4};
  for (const std::string& bytes :
       {npy<double>("<f8", "(4, 1)", {1, -2, 3, 4}), npy<int64_t>("<i8", "(4, 1)", {1, -2, 3, 4}),
        npy<int8_t>("|i1", "(4,)", {1, -2, 3, 4})}) {
    options_.attributes.features = add("f.npy", bytes);
    import();
    EXPECT_TRUE(std::ranges::equal(graph::DatasetFolder(output_).features().values<float>(), expected));
  }
}

TEST_F(Attributes, names_node_and_column_of_a_nan_unless_told_to_take_it_as_zero) {
  const std::string array = npy<float>("<f4", "(4, 2)", {0, 1, 2, 3, 4, kNan, 6, -kInfinity});
  const std::string halves = npy<uint16_t>("<f2", "(4, 2)", {0, 0, 0, 0, 0, 0x7e00, 0, 0xfc00});
  const std::string text = "0,1\n2,3\n4,nan\n6,-inf\n";
  for (const auto& [file, bytes] : {std::pair("f.npy", array), std::pair("h.npy", halves), std::pair("f.csv", text)}) {
    options_.attributes.features = add(file, bytes);
    options_.nan = NanPolicy::kRefuse;
    expect_refusal({file, "node 2, column 1", "finite", "nan"});
    options_.nan = NanPolicy::kZero;
    import();
  }
  EXPECT_TRUE(std::ranges::equal(graph::DatasetFolder(output_).features().values<float>(),
                                 std::vector<float>{0, 1, 2, 3, 4, 0, 6, 0}));
}

TEST_F(Attributes, of_the_wrong_length_are_refused) {
  options_.attributes.features = add("f.csv", "1\n2\n3\n");
  expect_refusal({"labels.csv", "3 nodes", "f.csv", "found 4"});
  options_.attributes.features = add("f.npy", npy<float>("<f4", "(5, 1)", {0, 0, 0, 0, 0}));
  expect_refusal({"labels.csv", "5 nodes", "f.npy", "found 4"});
  options_.attributes.features = "";
  options_.num_nodes = 6;
  expect_refusal({"labels.csv", "6 nodes", "the number of nodes given", "found 4"});
  options_.num_nodes = 0;
  options_.edges = add("edges", "0 1\n1 4\n");
  expect_refusal({"edges, line 2", "from 0 to 3", "found 4"});
}

TEST_F(Attributes, of_the_wrong_shape_or_form_are_refused) {
  options_.attributes.features = add("f.csv", "1,2\n3\n1,2\n1,2\n");
  expect_refusal({"f.csv, line 2", "2 features", "found 1"});
  options_.attributes.features = add("f.csv", "1,2\n3,y\n1,2\n1,2\n");
  expect_refusal({"f.csv, line 2", "a number", "`y`"});
  options_.attributes.features = add("f.csv", "");
  expect_refusal({"f.csv", "features", "none"});
  options_.attributes.features = add("f.npy", npy<float>("<f4", "(4, 1, 1)", {1, 2, 3, 4}));
  expect_refusal({"f.npy", "[N, F]", "[4, 1, 1]"});
  options_.attributes.features = add("f.npy", npy<float>("<f4", "(4, 0)", {}));
  expect_refusal({"f.npy", "features per node", "found 0"});
  options_.attributes.features = "";
  options_.attributes.labels = add("l.npy", npy<int64_t>("<i8", "(2, 2)", {0, 1, 1, 0}));
  expect_refusal({"l.npy", "one class per node", "[2, 2]"});
}

TEST_F(Attributes, in_fortran_order_or_big_endian_are_refused) {
  std::string bytes = npy<float>("<f4", "(4, 1)", {1, 2, 3, 4});
  const size_t at = bytes.find("False");
  bytes.replace(at, 5, "True ");
  options_.attributes.features = add("f.npy", bytes);
  expect_refusal({"f.npy", "ortran"});
  options_.attributes.features = add("f.npy", npy<float>(">f4", "(4, 1)", {1, 2, 3, 4}));
  expect_refusal({"f.npy", ">f4"});
}

TEST_F(Attributes, labels_that_are_no_class_are_refused) {
  options_.attributes.labels = add("l.csv", "0\n1\n-2\n0\n");
  expect_refusal({"l.csv, node 2", "or -1", "found -2"});
  options_.attributes.labels = add("l.csv", "0\n1\n1000000\n0\n");
  expect_refusal({"l.csv, node 2", "65534", "found 1000000"});
  options_.attributes.labels = add("l.csv", "0\n1.5\n1\n0\n");
  expect_refusal({"l.csv, line 2", "a class", "`1.5`"});
  options_.attributes.labels = add("l.csv", "0\n1,2\n1\n0\n");
  expect_refusal({"l.csv, line 2", "one class per line"});
  options_.attributes.labels = add("l.npy", npy<float>("<f4", "(4,)", {0, 0.25F, 1, 0}));
  expect_refusal({"l.npy, element 1", "an integer", "0.25"});
  options_.attributes.labels = add("l.csv", "-1\n-1\n-1\n-1\n");
  options_.attributes.train = options_.attributes.valid = options_.attributes.test = "";
  expect_refusal({"l.csv", "at least one labelled node"});
}

TEST_F(Attributes, splits_that_cannot_be_are_refused) {
  options_.attributes.train = add("train.csv", "3\n");
  expect_refusal({"train.csv, entry 0", "a node with a label", "node 3"});
  options_.attributes.train = add("train.csv", "1\n");
  expect_refusal({"valid.csv, entry 0", "in no split yet", "node 1", "train"});
  options_.attributes.train = add("train.csv", "0\n0\n");
  expect_refusal({"train.csv, entry 1", "node 0", "in train already"});
  options_.attributes.train = add("train.csv", "0\n4\n");
  expect_refusal({"train.csv, line 2", "from 0 to 3", "found 4"});
  options_.attributes.train = add("train.npy", npy<int64_t>("<i8", "(1,)", {-1}));
  expect_refusal({"train.npy, entry 0", "from 0 to 3", "found -1"});
  options_.attributes.train = add("train.csv", "");
  expect_refusal({"train.csv", "nodes in the train split", "none"});
  options_.attributes.train = add("train.npy", npy<uint8_t>("|b1", "(4,)", {0, 0, 0, 0}));
  expect_refusal({"train.npy", "nodes in the train split", "none"});
  options_.attributes.train = add("train.npy", npy<uint8_t>("|b1", "(3,)", {1, 0, 0}));
  expect_refusal({"train.npy", "a mask of 4 nodes", "[3]"});
  options_.attributes.train = add("train.npy", npy<float>("<f4", "(1,)", {0}));
  expect_refusal({"train.npy", "node ids or a mask", "float32"});
  options_.attributes.train = "";
  expect_refusal({"all three splits, or none", "no train split"});
}

TEST_F(Attributes, splits_without_labels_are_refused) {
  options_.attributes.labels = "";
  expect_refusal({"train.csv", "labels"});
}

TEST_F(Attributes, positional_encodings_are_kept_as_they_are_and_tell_the_number_of_nodes) {
  options_.attributes = {.positional =
                             add("p.npy", npy<float>("<f4", "(5, 2)", {1, -2, 3, 4, 0, 0.5F, 7, 8, 9, 1e-9F}))};
  import();
  const graph::DatasetFolder dataset(output_, array::Verify::kChecksum);
  EXPECT_EQ(dataset.manifest().num_nodes(), 5);
  EXPECT_EQ(dataset.manifest().positional_width(), 2);
  EXPECT_TRUE(std::ranges::equal(dataset.positional().values<float>(),
                                 std::vector<float>{1, -2, 3, 4, 0, 0.5F, 7, 8, 9, 1e-9F}));
}

TEST_F(Attributes, positional_encodings_are_finite_float32_one_row_per_node) {
  fs::path& positional = options_.attributes.positional;
  positional = add("p.npy", npy<double>("<f8", "(4, 1)", {1, 2, 3, 4}));
  expect_refusal({"p.npy", "float32 [N, G]", "float64 [4, 1]"});
  positional = add("p.npy", npy<float>("<f4", "(4,)", {1, 2, 3, 4}));
  expect_refusal({"p.npy", "float32 [N, G]", "float32 [4]"});
  positional = add("p.npy", npy<float>("<f4", "(4, 0)", {}));
  expect_refusal({"p.npy", "from 1 to", "columns", "found 0"});
  positional = add("p.npy", npy<float>("<f4", "(3, 1)", {1, 2, 3}));
  expect_refusal({"p.npy", "4 nodes, as", "labels.csv", "found 3"});
  options_.nan = NanPolicy::kZero;
  positional = add("p.npy", npy<float>("<f4", "(4, 2)", {1, 2, 3, 4, 5, kNan, 7, 8}));
  expect_refusal({"p.npy, node 2, column 1", "a finite number", "nan"});
  positional = folder_ / "absent.npy";
  expect_refusal({"absent.npy", "none"});
}

}  // namespace
}  // namespace gigahop::dataset
