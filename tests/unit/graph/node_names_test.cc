#include "graph/node_names.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/edit_distance.h"
#include "support/bad_input.h"

namespace gigahop::graph {
namespace {

namespace fs = std::filesystem;

/// A dataset of the given names: no edges, no features.
class Named {
 public:
  Named(int64_t num_nodes, const std::string& names) : folder_(fs::path(testing::TempDir()) / "node_names_test") {
    fs::create_directories(folder_);
    tests::write_bytes(folder_ / kNamesFile, names);
    proto::Dataset manifest;
    manifest.set_format_version(kDatasetFormatVersion);
    manifest.set_num_nodes(num_nodes);
    auto& records = *manifest.mutable_arrays();
    array::add_record(records, array::write_npy<int64_t>(folder_ / "edges.npy", std::vector<int64_t>{}, {2, 0}));
    array::add_plain_record(records, folder_, kNamesFile);
    tests::write_bytes(folder_ / kDatasetManifest, array::to_text(manifest));
  }
  DatasetFolder open() const { return DatasetFolder(folder_); }

 private:
  fs::path folder_;
};

/// The definition, word for word.
size_t distance_by_definition(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  const size_t kept = distance_by_definition(a.substr(1), b.substr(1)) + (a[0] == b[0] ? 0 : 1);
  const size_t changed =
      std::min({kept, distance_by_definition(a.substr(1), b) + 1, distance_by_definition(a, b.substr(1)) + 1});
  const bool is_swap = a.size() > 1 && b.size() > 1 && a[0] == b[1] && a[1] == b[0];
  return is_swap ? std::min(changed, distance_by_definition(a.substr(2), b.substr(2)) + 1) : changed;
}

TEST(NodeNames, are_found_by_id_and_by_name_also_behind_many_others) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "node-" + std::to_string(i * i) + "\n";
  const NodeNames names(Named(1000, text).open());
  ASSERT_TRUE(names.exist());
  for (const int64_t id : {0, 1, 255, 256, 257, 511, 512, 999}) {
    const std::string expected = "node-" + std::to_string(id * id);
    EXPECT_EQ(names.name(OriginalId(id)), expected);
    EXPECT_EQ(names.find(expected), OriginalId(id));
  }
  EXPECT_FALSE(names.find("node-2").has_value());
}

TEST(NodeNames, a_last_line_without_an_end_counts) {
  const NodeNames names(Named(2, "first\nsecond").open());
  EXPECT_EQ(names.name(OriginalId(1)), "second");
}

TEST(NodeNames, other_numbers_of_lines_than_nodes_are_refused) {
  tests::expect_data_error([] { NodeNames(Named(3, "a\nb\n").open()); },
                           "names.txt: expected 3 lines, one for each node, found 2");
}

TEST(NodeNames, a_misspelt_name_is_answered_with_the_nearest) {
  const Named dataset(5, "zebra\ngzip\npython3\npython2\nzip\n");
  const NodeNames names(dataset.open());
  EXPECT_EQ(names.nearest("pyhton3", 2), (std::vector<std::string>{"python3", "python2"}));
  EXPECT_EQ(names.nearest("gzi", 3), (std::vector<std::string>{"gzip", "zip", "zebra"}));
  EXPECT_EQ(names.nearest("gzpi", 1), (std::vector<std::string>{"gzip"}));
  try {
    find_node(names, 5, "pyton3", "--node");
    FAIL() << "no such node";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kConfig);
    EXPECT_NE(std::string(error.what()).find("nearest: python3, python2"), std::string::npos) << error.what();
  }
}

TEST(NodeNames, a_number_that_is_no_name_is_an_id) {
  const NodeNames names(Named(3, "b\n7\n0\n").open());
  EXPECT_EQ(find_node(names, 3, "1", "--node"), OriginalId(1));
  EXPECT_EQ(find_node(names, 3, "0", "--node"), OriginalId(2));
  EXPECT_THROW(find_node(names, 3, "3", "--node"), Error);
}

TEST(EditDistance, is_what_its_definition_says) {
  for (const char* a : {"", "a", "ab", "kitten", "gumbo", "abcd"}) {
    for (const char* b : {"", "b", "ba", "sitting", "gambol", "kitten", "kittne", "bdac", "badc"}) {
      EXPECT_EQ(edit_distance(a, b), distance_by_definition(a, b)) << a << " " << b;
    }
  }
}

}  // namespace
}  // namespace gigahop::graph
