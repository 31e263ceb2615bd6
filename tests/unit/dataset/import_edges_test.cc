#include <gtest/gtest.h>

#include "dataset/import.h"
#include "dataset/verify.h"
#include "support/dataset_inputs.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;
using namespace gigahop::tests;

class ImportEdges : public testing::Test {
 protected:
  fs::path add(const std::string& file, std::string_view bytes) {
    write_file(folder_ / file, bytes);
    return folder_ / file;
  }
  ImportSummary import(const EdgesOptions& options) {
    fs::remove_all(output_);
    return import_edges(options, {.folder = output_, .name = "tiny", .provenance = "a test"});
  }
  void expect_refusal(const EdgesOptions& options, const std::vector<std::string>& parts) {
    fs::remove_all(output_);
    expect_refused(output_, parts, [&] { import_edges(options, {.folder = output_}); });
  }

  fs::path folder_ = fresh_test_folder();
  fs::path output_ = folder_ / "out";
};

TEST_F(ImportEdges, reads_every_kind_of_separator_comment_and_compression) {
  const std::string snap = "# Directed graph\n# FromNodeId\tToNodeId\n0\t3\r\n3\t1\n\n2\t2\n";
  const std::string konect = "% sym unweighted\n0 3 1 1082040961\n  3 1\n2 2 7\n";
  const std::string csv = "source,target,weight\n0,3,0.5\n3, 1\n2;2\n";
  for (const std::string& text : {snap, konect, csv, gzip(snap)}) {
    const ImportSummary summary = import({.edges = add("edges", text)});
    EXPECT_EQ(summary.num_nodes, 4);
    EXPECT_EQ(summary.num_edges, 3);
    const graph::DatasetFolder dataset(output_, array::Verify::kChecksum);
    EXPECT_EQ(edges_of(dataset), (Pairs{{0, 3}, {3, 1}, {2, 2}}));
    EXPECT_EQ(dataset.manifest().name(), "tiny");
    EXPECT_EQ(dataset.manifest().provenance(), "a test");
    EXPECT_FALSE(dataset.manifest().directed());
    EXPECT_EQ(verify_dataset(output_).num_self_loops, 1);
  }
}

TEST_F(ImportEdges, reads_npy_edges_of_both_shapes_and_widths) {
  const Pairs expected = {{0, 1}, {2, 0}, {1, 2}};
  for (const std::string& bytes :
       {npy<int64_t>("<i8", "(2, 3)", {0, 2, 1, 1, 0, 2}), npy<int64_t>("<i8", "(3, 2)", {0, 1, 2, 0, 1, 2}),
        npy<int32_t>("<i4", "(2, 3)", {0, 2, 1, 1, 0, 2})}) {
    import({.edges = add("edges.npy", bytes), .direction = Direction::kDirected});
    const graph::DatasetFolder dataset(output_);
    EXPECT_EQ(edges_of(dataset), expected);
    EXPECT_TRUE(dataset.manifest().directed());
  }
}

TEST_F(ImportEdges, takes_attributes_from_csv_and_npy_beside_it) {
  EdgesOptions options;
  options.edges = add("edges.txt", "0 1\n1 2\n");
  options.attributes.features = add("features.csv", "a,b\n1,2\n-0.5,1e3\n0,4\n7,8\n");
  options.attributes.labels = add("labels.csv", "2\nnan\n0\n1.0\n");
  options.attributes.train = add("train.csv", "3\n");
  options.attributes.valid = add("valid.npy", npy<int64_t>("<i8", "(1,)", {0}));
  options.attributes.test = add("test.npy", npy<uint8_t>("|b1", "(4,)", {0, 0, 1, 0}));
  const ImportSummary summary = import(options);
  EXPECT_EQ(summary.num_nodes, 4) << "rows of features count, not the largest id";
  EXPECT_EQ(summary.num_classes, 3);
  EXPECT_EQ(summary.num_unlabelled, 1);
  const graph::DatasetFolder dataset(output_, array::Verify::kChecksum);
  EXPECT_TRUE(
      std::ranges::equal(dataset.features().values<float>(), std::vector<float>{1, 2, -0.5F, 1e3F, 0, 4, 7, 8}));
  EXPECT_TRUE(std::ranges::equal(dataset.labels(), std::vector<int64_t>{2, -1, 0, 1}));
  EXPECT_EQ(ids_of(dataset.train()), std::vector<int64_t>{3});
  EXPECT_EQ(ids_of(dataset.valid()), std::vector<int64_t>{0});
  EXPECT_EQ(ids_of(dataset.test()), std::vector<int64_t>{2});
  verify_dataset(output_);
}

TEST_F(ImportEdges, keeps_many_edges_in_order) {
  std::string text;
  Pairs expected;
  for (int64_t i = 0; i < 300000; ++i) {
    expected.emplace_back(i * 7919 % 1000, i * 104729 % 1000);
    text += std::to_string(expected.back().first) + " " + std::to_string(expected.back().second) + "\n";
  }
  import({.edges = add("edges.gz", gzip(text)), .num_nodes = 1000});
  EXPECT_EQ(edges_of(graph::DatasetFolder(output_, array::Verify::kChecksum)), expected);
  EXPECT_FALSE(fs::exists(output_ / "sources.tmp"));
  EXPECT_FALSE(fs::exists(output_ / "targets.tmp"));
}

TEST_F(ImportEdges, names_the_line_of_a_bad_edge) {
  expect_refusal({.edges = add("e", "0 1\n# c\n1 5\n"), .num_nodes = 5}, {"e, line 3", "from 0 to 4", "found 5"});
  expect_refusal({.edges = add("e", "0 1\n-1 2\n")}, {"e, line 2", "found -1"});
  expect_refusal({.edges = add("e", "0 1\n2\n")}, {"e, line 2", "an integer", "nothing"});
  expect_refusal({.edges = add("e", "0 1\n2 x7\n")}, {"e, line 2", "an integer", "`x7`"});
  expect_refusal({.edges = add("e", "0 1\n2 1.5\n")}, {"e, line 2", "`1.5`"});
  expect_refusal({.edges = add("e", "0 1\n2 99999999999999999999\n")}, {"e, line 2", "an integer"});
  expect_refusal({.edges = add("e", gzip("0 1\n2 z\n"))}, {"e, line 2", "`z`"});
}

TEST_F(ImportEdges, names_the_position_of_a_bad_id_in_an_array) {
  expect_refusal({.edges = add("e.npy", npy<int64_t>("<i8", "(2, 3)", {0, 1, 2, 1, 9, 2})), .num_nodes = 3},
                 {"e.npy, edge 1", "from 0 to 2", "found 9"});
  expect_refusal({.edges = add("e.npy", npy<int64_t>("<i8", "(3, 2)", {0, 1, 1, 2, -4, 0}))},
                 {"e.npy, edge 2", "found -4"});
  expect_refusal({.edges = add("e.npy", npy<float>("<f4", "(2, 1)", {0, 1}))}, {"e.npy", "float32 [2, 1]"});
  expect_refusal({.edges = add("e.npy", npy<int64_t>("<i8", "(3,)", {0, 1, 2}))}, {"e.npy", "int64 [3]"});
}

TEST_F(ImportEdges, refuses_files_without_edges_missing_files_and_truncated_ones) {
  expect_refusal({.edges = add("e", "# nothing\n")}, {"e:", "at least one edge", "none"});
  expect_refusal({.edges = add("e.npy", npy<int64_t>("<i8", "(2, 0)", {}))}, {"e.npy", "at least one edge"});
  expect_refusal({.edges = folder_ / "absent"}, {"absent", "No such file"});
  const std::string whole = gzip(std::string(100000, '1') + " 2\n");
  expect_refusal({.edges = add("e.gz", whole.substr(0, whole.size() / 2))}, {"e.gz", "truncated"});
  const std::string array = npy<int64_t>("<i8", "(2, 3)", {0, 2, 1, 1, 0, 2});
  expect_refusal({.edges = add("e.npy", array.substr(0, array.size() - 8))}, {"e.npy", "truncated"});
}

TEST_F(ImportEdges, leaves_an_existing_folder_alone_unless_told_to_replace_it) {
  const fs::path edges = add("e", "0 1\n");
  write_file(output_ / "precious", "x");
  expect_error(ErrorKind::kData, {"out", "free"}, [&] { import_edges({.edges = edges}, {.folder = output_}); });
  EXPECT_EQ(read_file(output_ / "precious"), "x");
  import_edges({.edges = edges}, {.folder = output_, .existing = PendingFolder::Existing::kReplace});
  EXPECT_FALSE(fs::exists(output_ / "precious"));
  verify_dataset(output_);
}

}  // namespace
}  // namespace gigahop::dataset
