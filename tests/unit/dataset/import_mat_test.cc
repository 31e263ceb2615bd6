#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <matio.h>

#include "base/files.h"
#include "dataset/import.h"
#include "dataset/label_quantiles.h"
#include "graph/dataset_folder.h"
#include "support/bad_input.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;

/// Six nodes in the layout of snap_patents.mat: int64 edges, sparse features, years in one row.
class Patents : public testing::Test {
 protected:
  Patents() : folder_(fs::path(testing::TempDir()) / "import_mat_test") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    file_ = Mat_CreateVer((folder_ / "patents.mat").c_str(), nullptr, MAT_FT_MAT5);
  }

  void write(const char* name, matio_classes of, matio_types type, size_t rows, size_t cols, void* data,
             matio_compression compression = MAT_COMPRESSION_ZLIB) {
    size_t dims[] = {rows, cols};
    matvar_t* const variable = Mat_VarCreate(name, of, type, 2, dims, data, 0);
    Mat_VarWrite(file_, variable, compression);
    Mat_VarFree(variable);
  }

  void write_edges(std::vector<int64_t> ends) {
    write("edge_index", MAT_C_INT64, MAT_T_INT64, 2, ends.size() / 2, ends.data());
  }

  /// Column 0: 1 in row 1, 2 in row 4; column 1: nothing; column 2: 3 in row 0.
  void write_features() {
    std::vector<mat_uint32_t> rows = {1, 4, 0};
    std::vector<mat_uint32_t> offsets = {0, 2, 2, 3};
    std::vector<double> values = {1, 2, 3};
    mat_sparse_t sparse = {3, rows.data(), 3, offsets.data(), 4, 3, values.data()};
    write("node_feat", MAT_C_SPARSE, MAT_T_DOUBLE, 6, 3, &sparse);
  }

  void write_years(std::vector<double> years) {
    write("years", MAT_C_DOUBLE, MAT_T_DOUBLE, 1, years.size(), years.data());
  }

  graph::DatasetFolder import(const MatOptions& more = {}) {
    Mat_Close(file_);
    MatOptions options = more;
    options.file = folder_ / "patents.mat";
    import_mat(options, {.folder = folder_ / "dataset", .name = "patents", .provenance = "a test"});
    return graph::DatasetFolder(folder_ / "dataset");
  }

  fs::path folder_;
  mat_t* file_ = nullptr;
};

TEST_F(Patents, sparse_features_edges_and_quantiles_of_years_become_a_dataset) {
  write_edges({0, 1, 2, 1, 5, 4});
  write_features();
  write_years({1970, 1980, 1990, 1971, 1999, 1985});
  const graph::DatasetFolder dataset = import({.label_quantiles = 3});
  const std::span<const int64_t> edges = dataset.edges().values<int64_t>();
  EXPECT_EQ(std::vector(edges.begin(), edges.end()), (std::vector<int64_t>{0, 2, 5, 1, 1, 4}));
  const std::span<const float> features = dataset.features().values<float>();
  EXPECT_EQ(std::vector(features.begin(), features.end()),
            (std::vector<float>{0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0}));
  EXPECT_EQ(std::vector(dataset.labels().begin(), dataset.labels().end()), (std::vector<int64_t>{0, 1, 2, 0, 2, 1}));
}

TEST_F(Patents, dense_features_and_classes_as_they_stand_are_taken_too) {
  write_edges({0, 1});
  std::vector<float> features = {1, 2, 3, 4};  // column after column
  write("x", MAT_C_SINGLE, MAT_T_SINGLE, 2, 2, features.data());
  write_years({1, std::nan("")});
  const graph::DatasetFolder dataset = import({.features = "x", .label_quantiles = 0});
  const std::span<const float> rows = dataset.features().values<float>();
  EXPECT_EQ(std::vector(rows.begin(), rows.end()), (std::vector<float>{1, 3, 2, 4}));
  EXPECT_EQ(std::vector(dataset.labels().begin(), dataset.labels().end()), (std::vector<int64_t>{1, -1}));
}

TEST_F(Patents, what_is_missing_or_out_of_range_is_named) {
  write_edges({0, 1, 2, 6});
  write_features();
  write_years({1, 2, 3, 4, 5, 6});
  tests::expect_data_error([&] { import({.labels = "year"}); }, "matrix year: expected a matrix of that name");
  tests::expect_data_error([&] { import_mat({.file = folder_ / "patents.mat"}, {.folder = folder_ / "d"}); },
                           "matrix edge_index");
  tests::write_bytes(folder_ / "text.mat", "no such thing");
  tests::expect_data_error([&] { import_mat({.file = folder_ / "text.mat"}, {.folder = folder_ / "d"}); }, "text.mat");
}

TEST_F(Patents, a_matrix_that_claims_more_than_the_file_can_hold_is_refused) {
  write_edges({0, 1, 2, 5});
  write_features();
  std::vector<double> years = {1, 2, 3, 4, 5, 6};
  write("years", MAT_C_DOUBLE, MAT_T_DOUBLE, 1, 6, years.data(), MAT_COMPRESSION_NONE);
  Mat_Close(file_);
  std::string bytes = read_text_file(folder_ / "patents.mat");
  const size_t num_rows = bytes.find("years") - 16;
  ASSERT_EQ(bytes.substr(num_rows, 4), std::string("\1\0\0\0", 4));
  bytes.replace(num_rows, 4, std::string("\0\0\0\x01", 4));
  tests::write_bytes(folder_ / "patents.mat", bytes);
  tests::expect_data_error([&] { import_mat({.file = folder_ / "patents.mat"}, {.folder = folder_ / "dataset"}); },
                           "matrix years: expected a matrix that a file of this size can hold, found one of 805306368");
}

/// Of 32-bit characters matio keeps a byte each, and says that it keeps four.
TEST_F(Patents, characters_are_no_numbers) {
  write_edges({0, 1, 2, 5});
  write_features();
  std::vector<double> years = {1, 2, 3, 4, 5, 6};
  write("years", MAT_C_DOUBLE, MAT_T_DOUBLE, 1, 6, years.data(), MAT_COMPRESSION_NONE);
  Mat_Close(file_);
  std::string bytes = read_text_file(folder_ / "patents.mat");
  const size_t name = bytes.find("years");
  ASSERT_EQ(bytes[name - 32], MAT_C_DOUBLE);
  ASSERT_EQ(bytes[name + 8], MAT_T_DOUBLE);
  bytes[name - 32] = MAT_C_CHAR;
  bytes[name + 8] = MAT_T_INT32;
  tests::write_bytes(folder_ / "patents.mat", bytes);
  tests::expect_data_error([&] { import_mat({.file = folder_ / "patents.mat"}, {.folder = folder_ / "dataset"}); },
                           "matrix years: expected a matrix of real numbers");
}

TEST_F(Patents, a_sparse_matrix_of_more_rows_than_the_file_can_tell_of_is_refused) {
  write_edges({0, 1, 2, 5});
  std::vector<mat_uint32_t> rows = {1, 4, 0};
  std::vector<mat_uint32_t> offsets = {0, 2, 2, 3};
  std::vector<double> values = {1, 2, 3};
  mat_sparse_t sparse = {3, rows.data(), 3, offsets.data(), 4, 3, values.data()};
  write("node_feat", MAT_C_SPARSE, MAT_T_DOUBLE, 60'000'000, 3, &sparse);
  write_years({1, 2, 3, 4, 5, 6});
  Mat_Close(file_);
  tests::expect_data_error(
      [&] { import_mat({.file = folder_ / "patents.mat"}, {.folder = folder_ / "dataset"}); },
      "matrix node_feat: expected a matrix that a file of this size can hold, found one of 60000000 rows");
}

TEST(LabelQuantiles, are_those_of_numpy_quantile) {
  // numpy.quantile([1, 2, 4, 8, 16], [1/3, 2/3]) = [2.6667, 6.6667]; a value at a bound is above it.
  EXPECT_EQ(label_by_quantiles(std::vector<double>{16, 1, 2, 4, 8}, 3), (std::vector<int64_t>{2, 0, 0, 1, 2}));
  EXPECT_EQ(label_by_quantiles(std::vector<double>{7, 7, 7}, 4), (std::vector<int64_t>{3, 3, 3}));
  EXPECT_EQ(label_by_quantiles(std::vector<double>{std::nan(""), 5}, 2), (std::vector<int64_t>{-1, 1}));
  EXPECT_TRUE(label_by_quantiles({}, 5).empty());
}

}  // namespace
}  // namespace gigahop::dataset
