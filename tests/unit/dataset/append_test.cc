#include <gtest/gtest.h>

#include "dataset/import.h"
#include "dataset/verify.h"
#include "graph/node_names.h"
#include "support/dataset_inputs.h"

namespace gigahop::dataset {
namespace {

namespace fs = std::filesystem;
using namespace gigahop::tests;

/// A base of three nodes with everything a dataset can have per node.
class Append : public testing::Test {
 protected:
  void SetUp() override {
    import_edges({.edges = add("edges", "0 1\n1 2\n"),
                  .attributes = {.features = add("x.npy", npy<float>("<f4", "(3, 2)", {0, 1, 2, 3, 4, 5})),
                                 .labels = add("y.npy", npy<int64_t>("<i8", "(3,)", {0, 1, 1})),
                                 .train = add("train.npy", npy<int64_t>("<i8", "(1,)", {0})),
                                 .valid = add("valid.npy", npy<int64_t>("<i8", "(1,)", {1})),
                                 .test = add("test.npy", npy<int64_t>("<i8", "(1,)", {2})),
                                 .positional = add("p.npy", npy<float>("<f4", "(3, 1)", {7, 8, 9})),
                                 .names = add("names", "ant\nbee\ncat\n")}},
                 {.folder = base_, .name = "base"});
  }
  fs::path add(const std::string& file, std::string_view bytes) {
    write_file(folder_ / file, bytes);
    return folder_ / file;
  }
  /// Two nodes, without labels.
  AppendOptions two_nodes() {
    return {.base = base_,
            .edges = add("more", "3 4\n0 4\n"),
            .attributes = {.features = add("more_x.npy", npy<float>("<f4", "(2, 2)", {6, 7, 8, 9})),
                           .positional = add("more_p.npy", npy<float>("<f4", "(2, 1)", {10, 11})),
                           .names = add("more_names", "dog\neel\n")}};
  }
  void expect_refusal(const AppendOptions& options, const std::vector<std::string>& parts) {
    expect_refused(output_, parts, [&] { append_to_dataset(options, {.folder = output_}); });
  }

  fs::path folder_ = fresh_test_folder();
  fs::path base_ = folder_ / "base";
  fs::path output_ = folder_ / "out";
};

TEST_F(Append, new_nodes_follow_those_of_the_base) {
  append_to_dataset(two_nodes(), {.folder = output_, .name = "grown"});
  verify_dataset(output_);
  const graph::DatasetFolder grown(output_, array::Verify::kChecksum);
  EXPECT_EQ(grown.manifest().num_nodes(), 5);
  EXPECT_EQ(edges_of(grown), (Pairs{{0, 1}, {1, 2}, {3, 4}, {0, 4}}));
  const auto features = grown.features().values<float>();
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(features[i], static_cast<float>(i));
  const auto positional = grown.positional().values<float>();
  EXPECT_EQ(std::vector(positional.begin(), positional.end()), (std::vector<float>{7, 8, 9, 10, 11}));
  EXPECT_EQ(std::vector(grown.labels().begin(), grown.labels().end()), (std::vector<int64_t>{0, 1, 1, -1, -1}));
  EXPECT_EQ(ids_of(grown.test()), (std::vector<int64_t>{2}));
  EXPECT_EQ(graph::NodeNames(grown).name(OriginalId{4}), "eel");
}

TEST_F(Append, labels_and_splits_of_new_nodes_are_taken) {
  AppendOptions options = two_nodes();
  options.attributes.labels = add("more_y.npy", npy<int64_t>("<i8", "(2,)", {1, 0}));
  options.attributes.test = add("more_test.npy", npy<int64_t>("<i8", "(2,)", {3, 4}));
  append_to_dataset(options, {.folder = output_});
  const graph::DatasetFolder grown(output_, array::Verify::kChecksum);
  EXPECT_EQ(std::vector(grown.labels().begin(), grown.labels().end()), (std::vector<int64_t>{0, 1, 1, 1, 0}));
  EXPECT_EQ(ids_of(grown.test()), (std::vector<int64_t>{2, 3, 4}));
}

TEST_F(Append, records_every_dataset_it_goes_back_to) {
  append_to_dataset(two_nodes(), {.folder = output_});
  const fs::path third = folder_ / "third";
  append_to_dataset({.base = output_, .edges = add("last.npy", npy<int64_t>("<i8", "(2, 1)", {4, 1}))},
                    {.folder = third});
  const graph::DatasetFolder first(base_);
  const graph::DatasetFolder second(output_);
  const graph::DatasetFolder grown(third);
  EXPECT_EQ(grown.manifest().num_nodes(), 5);
  EXPECT_EQ(edges_of(grown).back(), (std::pair<int64_t, int64_t>{4, 1}));
  ASSERT_EQ(grown.manifest().grown_from_size(), 2);
  EXPECT_EQ(grown.manifest().grown_from(0), first.fingerprint());
  EXPECT_EQ(grown.manifest().grown_from(1), second.fingerprint());
  EXPECT_EQ(grown.manifest().first_num_nodes(), 3);
  EXPECT_FALSE(first.manifest().has_first_num_nodes());
}

TEST_F(Append, keeps_half_precision_and_refuses_other_rows_for_it) {
  const fs::path half = folder_ / "half";
  import_edges({.edges = add("edges", "0 1\n"),
                .attributes = {.features = add("h.npy", npy<uint16_t>("<f2", "(2, 1)", {0x3c00, 0x4000}))}},
               {.folder = half});
  append_to_dataset({.base = half,
                     .edges = add("more", "2 0\n"),
                     .attributes = {.features = add("more_h.npy", npy<uint16_t>("<f2", "(1, 1)", {0x4200}))}},
                    {.folder = output_});
  const graph::DatasetFolder grown(output_, array::Verify::kChecksum);
  ASSERT_EQ(grown.features().dtype(), array::DType::kFloat16);
  EXPECT_EQ(to_float(grown.features().values<Float16>()[2]), 3.0F);
  fs::remove_all(output_);
  expect_refusal({.base = half,
                  .edges = folder_ / "more",
                  .attributes = {.features = add("f.npy", npy<float>("<f4", "(1, 1)", {3}))}},
                 {"f.npy", "float16", "float32"});
}

TEST_F(Append, refuses_what_does_not_fit_the_base) {
  AppendOptions options = two_nodes();
  options.edges = add("beyond", "0 5\n");
  expect_refusal(options, {"beyond", "0 to 4", "5"});
  options = two_nodes();
  options.attributes.features = add("wide.npy", npy<float>("<f4", "(2, 3)", {0, 0, 0, 0, 0, 0}));
  expect_refusal(options, {"wide.npy", "[2, 2]", "[2, 3]"});
  options = two_nodes();
  options.attributes.names = add("short", "dog\n");
  expect_refusal(options, {"names", "5", "4"});
  options = two_nodes();
  options.attributes.test = add("again.npy", npy<int64_t>("<i8", "(1,)", {2}));
  expect_refusal(options, {"again.npy", "node 2", "already"});
}

TEST_F(Append, wants_of_new_nodes_what_the_base_has) {
  AppendOptions options = two_nodes();
  options.attributes.positional.clear();
  expect_error(ErrorKind::kConfig, {"import.positional", "2 new nodes"},
               [&] { append_to_dataset(options, {.folder = output_}); });
  options = two_nodes();
  options.num_nodes = 2;
  expect_error(ErrorKind::kConfig, {"import.num_nodes", "at least 3"},
               [&] { append_to_dataset(options, {.folder = output_}); });
}

}  // namespace
}  // namespace gigahop::dataset
