#include <gtest/gtest.h>

#include "dataset/import.h"
#include "dataset/verify.h"
#include "support/dataset_inputs.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;
using namespace gigahop::tests;

class ImportMetis : public testing::Test {
 protected:
  MetisOptions options(std::string_view text) {
    write_file(folder_ / "g.graph", text);
    fs::remove_all(output_);
    return {.graph = folder_ / "g.graph"};
  }
  Pairs edges(std::string_view text) {
    import_metis(options(text), {.folder = output_});
    verify_dataset(output_);
    return edges_of(graph::DatasetFolder(output_));
  }
  void expect_refusal(std::string_view text, const std::vector<std::string>& parts) {
    const MetisOptions given = options(text);
    expect_refused(output_, parts, [&] { import_metis(given, {.folder = output_}); });
  }

  fs::path folder_ = fresh_test_folder();
  fs::path output_ = folder_ / "out";
};

const Pairs kPathAndIsolated = {{0, 1}, {1, 0}, {1, 2}, {2, 1}};

TEST_F(ImportMetis, reads_neighbours_and_skips_sizes_and_weights_of_every_format) {
  EXPECT_EQ(edges("% a comment\n4 2\n2\n1 3\n% another\n2\n\n"), kPathAndIsolated);
  EXPECT_EQ(edges("4 2 1\n2 9\n1 9 3 8\n2 8\n\n"), kPathAndIsolated) << "edge weights";
  EXPECT_EQ(edges("4 2 010 2\n5 5 2\n5 5 1 3\n5 5 2\n5 5\n"), kPathAndIsolated) << "two node weights";
  EXPECT_EQ(edges("4 2 10\n5 2\n5 1 3\n5 2\n5\n"), kPathAndIsolated) << "one node weight";
  EXPECT_EQ(edges("4 2 111 1\n7 5 2 9\n7 5 1 9 3 9\n7 5 2 9\n7 5\n"), kPathAndIsolated) << "all of it";
}

TEST_F(ImportMetis, takes_attributes_beside_it) {
  MetisOptions given = options("2 1\n2\n1\n");
  write_file(folder_ / "f.csv", "1\n2\n");
  given.attributes.features = folder_ / "f.csv";
  const ImportSummary summary = import_metis(given, {.folder = output_});
  EXPECT_EQ(summary.feature_width, 1);
  EXPECT_EQ(summary.num_edges, 2);
}

TEST_F(ImportMetis, names_the_line_of_every_fault) {
  expect_refusal("", {"g.graph", "a header", "no line"});
  expect_refusal("x 2\n", {"line 1", "an integer", "`x`"});
  expect_refusal("0 1\n", {"line 1", "at least one node"});
  expect_refusal("3 0\n\n\n\n", {"line 1", "at least one edge"});
  expect_refusal("2 1 2\n2\n1\n", {"line 1", "digits of 0 and 1", "`2`"});
  expect_refusal("2 1 0 1 1\n2\n1\n", {"line 1", "at most four numbers"});
  expect_refusal("2 1\n2\n0\n", {"line 3", "from 1 to 2", "found 0"});
  expect_refusal("2 1\n3\n1\n", {"line 2", "from 1 to 2", "found 3"});
  expect_refusal("2 1\n2\nx\n", {"line 3", "an integer", "`x`"});
  expect_refusal("2 1 1\n2\n1 1\n", {"line 2", "an integer", "nothing"});
  expect_refusal("3 1\n2\n1\n", {"3 lines of nodes", "found 2"});
  expect_refusal("2 1\n2\n1\n1\n", {"line 4", "the end after 2 nodes"});
  expect_refusal("2 2\n2\n1\n", {"4 neighbours", "found 2"});
  expect_refusal("9000000000000000000 1\n2\n1\n", {"at least one node"});
}

}  // namespace
}  // namespace gigahop::dataset
