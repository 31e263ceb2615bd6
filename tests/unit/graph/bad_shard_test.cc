#include <gtest/gtest.h>

#include <map>

#include "graph/local_graph.h"
#include "support/bad_input.h"
#include "support/tiny_graphs.h"

namespace gigahop::graph {
namespace {

namespace fs = std::filesystem;
using tests::expect_data_error;

constexpr int kParts = 2;

/// Part 0 owns 0 2 4, part 1 owns 1 3 5 of a cycle of six: each part has a halo of three and no inner edge.
std::map<fs::path, std::string> cycle_files() {
  tests::PartitionInput input = tests::tiny_input(tests::cycle(6), kParts, 1);
  input.part_of_node = {0, 1, 0, 1, 0, 1};
  input.train = {0, 1, 2};
  input.valid = {3, 4};
  input.test = {5};
  input.encoded = tests::Encoded::kYes;
  const fs::path folder = fs::path(testing::TempDir()) / "graph_bad_shard_test";
  tests::write_partition_folder(folder, input);
  std::map<fs::path, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[entry.path()] = read_text_file(entry.path());
  }
  return files;
}

/// Made once; put back as it was for every case.
fs::path write_cycle() {
  static const std::map<fs::path, std::string> files = cycle_files();
  for (const auto& [path, bytes] : files) tests::write_bytes(path, bytes);
  return fs::path(testing::TempDir()) / "graph_bad_shard_test";
}

void open_graph(const fs::path& folder) {
  const LocalGraph graph(folder, {0, 1}, 0);
  for (const Shard& shard : graph.shards()) {
    shard.features();
    shard.tokens();
    shard.positional();
    shard.positional_input();
  }
}

/// Writes `values` as an array of part 0 and records it, so that only what it says can be wrong.
template <class T>
void replace_array(const fs::path& folder, const char* file, const std::vector<T>& values, std::vector<int64_t> shape) {
  const fs::path part = part_folder(folder, 0);
  proto::Shard shard;
  array::read_text_proto(part / kShardManifest, shard);
  array::ArrayRecords kept;
  for (const proto::ArrayRecord& record : shard.arrays()) {
    if (record.file() != file) *kept.Add() = record;
  }
  array::add_record(kept, array::write_npy<T>(part / file, values, std::move(shape)));
  *shard.mutable_arrays() = kept;
  tests::write_bytes(part / kShardManifest, array::to_text(shard));
}

template <class T>
void expect_refused(const char* file, const std::vector<T>& values, const std::string& part) {
  const fs::path folder = write_cycle();
  replace_array<T>(folder, file, values, {static_cast<int64_t>(values.size())});
  expect_data_error([&] { open_graph(folder); }, std::string("part-0000/") + file);
  expect_data_error([&] { open_graph(folder); }, part);
}

TEST(BadShard, the_good_one_opens) {
  EXPECT_NO_THROW(open_graph(write_cycle()));
}

TEST(BadShard, says_which_entry_of_the_structure_is_wrong) {
  expect_refused<int64_t>("original_ids.npy", {0, 4, 2}, "entry 2");
  expect_refused<int64_t>("original_ids.npy", {0, 2, 6}, "entry 2");
  expect_refused<int64_t>("original_ids.npy", {-1, 2, 4}, "entry 0");
  expect_refused<int64_t>("original_ids.npy", {0, 2}, "expected shape (3,)");
  expect_refused<int32_t>("original_ids.npy", {0, 2, 4}, "expected dtype int64");
  expect_refused<int64_t>("halo_ids.npy", {2, 4, 5}, "another part");
  expect_refused<int64_t>("halo_ids.npy", {3, 3, 5}, "entry 1");
  expect_refused<int64_t>("halo_ids.npy", {3, 4, 6}, "entry 2");
  expect_refused<int64_t>("row_offsets.npy", {1, 2, 4, 6}, "entry 0");
  expect_refused<int64_t>("row_offsets.npy", {0, 4, 2, 6}, "entry 2");
  expect_refused<int64_t>("row_offsets.npy", {0, 2, 4, 5}, "the number of edges");
  expect_refused<int32_t>("column_ids.npy", {3, 5, 3, 4, 4, 6}, "entry 5");
  expect_refused<int32_t>("column_ids.npy", {3, 5, 4, 3, 4, 5}, "entry 3");
  expect_refused<int32_t>("column_ids.npy", {-1, 5, 3, 4, 4, 5}, "entry 0");
  expect_refused<int32_t>("column_ids.npy", {0, 5, 3, 4, 4, 5}, "entry 0");
  expect_refused<int32_t>("degrees_halo.npy", {2, -2, 2}, "entry 1");
  expect_refused<int64_t>("labels.npy", {0, 3, 1}, "entry 1");
  expect_refused<int64_t>("labels.npy", {0, -2, 1}, "entry 1");
  expect_refused<int32_t>("train.npy", {1, 0}, "entry 1");
  expect_refused<int32_t>("train.npy", {0, 3}, "entry 1");
  expect_refused<int32_t>("train.npy", {0}, "expected shape (2,)");
  expect_refused<int32_t>("valid.npy", {-1}, "entry 0");
}

TEST(BadShard, names_the_file_that_was_damaged_where_another_one_seems_wrong) {
  const fs::path folder = write_cycle();
  const fs::path file = part_folder(folder, 0) / "row_offsets.npy";
  std::string bytes = read_text_file(file);
  bytes[128 + 8] = 3;  // offsets 0 3 4 6: of the sorted neighbours 3 5 3 4 4 5, row 0 has 3 5 3
  tests::write_bytes(file, bytes);
  expect_data_error([&] { open_graph(folder); }, "row_offsets.npy: expected checksum");
}

TEST(BadShard, a_halo_node_that_nobody_touches_is_refused) {
  const fs::path folder = write_cycle();
  replace_array<int32_t>(folder, "column_ids.npy", {3, 4, 3, 4, 3, 4}, {6});
  expect_data_error([&] { open_graph(folder); }, "halo_ids.npy: entry 2");
}

TEST(BadShard, a_split_needs_labels) {
  const fs::path folder = write_cycle();
  replace_array<int64_t>(folder, "labels.npy", {-1, 1, 1}, {3});
  expect_data_error([&] { open_graph(folder); }, "train.npy: entry 0: expected a labelled node");
}

TEST(BadShard, says_what_is_missing_and_what_to_run) {
  tests::PartitionInput input = tests::tiny_input(tests::cycle(6), 1, 1);
  input.feature_width = 0;
  input.positional_width = 0;
  const fs::path folder = fs::path(testing::TempDir()) / "graph_bare_shard_test";
  tests::write_partition_folder(folder, input);
  const Shard shard(folder, read_partition_manifest(folder), 0);
  expect_data_error([&] { shard.features(); }, "features.npy");
  expect_data_error([&] { shard.tokens(); }, "run gigahop encode");
  expect_data_error([&] { shard.positional(); }, "run gigahop encode");
  expect_data_error([&] { shard.positional_input(); }, "no positional.npy");
}

TEST(BadShard, every_truncation_of_every_file_is_one_error_that_names_it) {
  const fs::path folder = write_cycle();
  for (const auto& entry : fs::directory_iterator(part_folder(folder, 0))) {
    const std::string good = read_text_file(entry.path());
    const bool is_manifest = entry.path().extension() == ".textproto";
    tests::for_each_truncation(good, [&](const std::string& bytes) {
      if (bytes.size() % 7 != 0 && bytes.size() + 3 < good.size()) return;  // each seventh, and the last bytes
      tests::write_bytes(entry.path(), bytes);
      if (is_manifest) {
        tests::expect_data_error_or_success([&] { open_graph(folder); }, "part-0000");
      } else {
        expect_data_error([&] { open_graph(folder); }, entry.path().filename());
      }
    });
    tests::write_bytes(entry.path(), good);
  }
}

TEST(BadShard, every_flipped_byte_is_a_graph_or_one_error) {
  const fs::path folder = write_cycle();
  for (const auto& entry : fs::directory_iterator(part_folder(folder, 0))) {
    const std::string good = read_text_file(entry.path());
    const bool is_manifest = entry.path().extension() == ".textproto";
    for (size_t at = is_manifest ? 0 : 128; at < good.size(); at += is_manifest ? 5 : 1) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ (at % 2 == 0 ? 0xff : 0x01));
      tests::write_bytes(entry.path(), bytes);
      tests::expect_data_error_or_success([&] { open_graph(folder); }, "part-0000");
    }
    tests::write_bytes(entry.path(), good);
  }
}

void expect_manifest_refused(const std::function<void(proto::Partition&)>& change, const std::string& part) {
  const fs::path folder = write_cycle();
  proto::Partition manifest = read_partition_manifest(folder);
  change(manifest);
  tests::write_bytes(folder / kPartitionManifest, array::to_text(manifest));
  expect_data_error([&] { read_partition_manifest(folder); }, kPartitionManifest);
  expect_data_error([&] { read_partition_manifest(folder); }, part);
}

TEST(BadPartition, says_which_field_of_the_manifest_is_wrong) {
  expect_manifest_refused([](auto& m) { m.set_format_version(2); }, "format version 1, found 2");
  expect_manifest_refused([](auto& m) { m.clear_format_version(); }, "format version 1, found 0");
  expect_manifest_refused([](auto& m) { m.set_num_nodes(0); }, "num_nodes");
  expect_manifest_refused([](auto& m) { m.set_num_nodes(int64_t{1} << 60); }, "num_nodes");
  expect_manifest_refused([](auto& m) { m.set_num_nodes(7); }, "last part_offsets 7, found 6");
  expect_manifest_refused([](auto& m) { m.set_num_parts(3); }, "number of part_offsets 4, found 3");
  expect_manifest_refused([](auto& m) { m.set_num_parts(-1); }, "num_parts");
  expect_manifest_refused([](auto& m) { m.set_num_parts(65536); }, "num_parts");
  expect_manifest_refused([](auto& m) { m.set_part_offsets(0, 1); }, "first part_offsets");
  expect_manifest_refused([](auto& m) { m.set_part_offsets(1, 9); }, "ascend");
  expect_manifest_refused([](auto& m) { m.set_part_offsets(1, 2); }, "parts[0]");
  expect_manifest_refused([](auto& m) { m.mutable_parts()->RemoveLast(); }, "number of parts entries");
  expect_manifest_refused([](auto& m) { m.set_num_edges(11); }, "num_edges");
  expect_manifest_refused([](auto& m) { m.set_num_edges(13); }, "num_edges");
  expect_manifest_refused([](auto& m) { m.set_num_train(4); }, "num_train");
  expect_manifest_refused([](auto& m) { m.mutable_parts(0)->set_num_halo(-1); }, "num_halo");
  expect_manifest_refused([](auto& m) { m.mutable_quotient(0)->set_b(2); }, "quotient");
  expect_manifest_refused([](auto& m) { m.mutable_quotient(0)->set_a(1); }, "quotient");
}

void expect_shard_manifest_refused(const std::function<void(proto::Shard&)>& change, const std::string& part) {
  const fs::path folder = write_cycle();
  const fs::path file = part_folder(folder, 0) / kShardManifest;
  proto::Shard manifest;
  array::read_text_proto(file, manifest);
  change(manifest);
  tests::write_bytes(file, array::to_text(manifest));
  expect_data_error([&] { open_graph(folder); }, part);
}

TEST(BadShard, says_which_field_of_its_manifest_is_wrong) {
  expect_shard_manifest_refused([](auto& m) { m.set_format_version(0); }, "format version");
  expect_shard_manifest_refused([](auto& m) { m.set_part(1); }, "part 0, found 1");
  expect_shard_manifest_refused([](auto& m) { m.set_num_owned(4); }, "num_owned 3, found 4");
  expect_shard_manifest_refused([](auto& m) { m.set_num_halo(2); }, "num_halo");
  expect_shard_manifest_refused([](auto& m) { m.set_num_edges(7); }, "num_edges");
  expect_shard_manifest_refused([](auto& m) { m.set_graph_fingerprint(3); }, "found 0000000000000003");
  expect_shard_manifest_refused([](auto& m) { m.mutable_encoding()->set_positional_width(-1); }, "positional_width");
  expect_shard_manifest_refused([](auto& m) { m.mutable_encoding()->set_positional_width(3); }, "positional.npy");
  expect_shard_manifest_refused([](auto& m) { m.clear_arrays(); }, "original_ids.npy");
}

TEST(PartitionMap, finds_the_owner_of_the_first_and_last_node_of_each_part) {
  const PartitionMap map({0, 3, 3, 7, 8, 8});  // parts 1 and 4 are empty
  EXPECT_EQ(map.owner(GlobalId(0)), 0);
  EXPECT_EQ(map.owner(GlobalId(2)), 0);
  EXPECT_EQ(map.owner(GlobalId(3)), 2);
  EXPECT_EQ(map.owner(GlobalId(6)), 2);
  EXPECT_EQ(map.owner(GlobalId(7)), 3);
  EXPECT_THROW(map.owner(GlobalId(8)), Error);
  EXPECT_THROW(map.owner(GlobalId(-1)), Error);
  EXPECT_EQ(part_folder("p", 7), fs::path("p/part-0007"));
}

}  // namespace
}  // namespace gigahop::graph
