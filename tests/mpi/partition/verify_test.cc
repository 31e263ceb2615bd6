// The verifier accepts what partition_dataset made and finds every damage planted in it, checksums made good again.
#include "partition/verify.h"

#include <gtest/gtest.h>

#include "array/manifest.h"
#include "array/npy.h"
#include "comm/communicator.h"
#include "graph/partition_folder.h"
#include "mpi/partition/shared_folder.h"
#include "partition/partition_dataset.h"
#include "support/tiny_graphs.h"
#include "support/write_dataset_folder.h"

namespace gigahop::partition {
namespace {

namespace fs = std::filesystem;
using tests::error_of;
using tests::SharedFolder;

/// Changes one array of part 0 and records the new file, as a faulty program would have written it.
template <class T>
void change_array(const fs::path& folder, const char* file, const std::function<void(std::vector<T>&)>& change) {
  const fs::path part = graph::part_folder(folder, 0);
  std::vector<T> values;
  std::vector<int64_t> shape;
  {
    const array::NpyArray stored(part / file);
    values.assign(stored.values<T>().begin(), stored.values<T>().end());
    shape = stored.shape();
  }
  change(values);
  const array::ArrayFile written = array::write_npy(part / file, std::span<const T>(values), shape);
  proto::Shard shard;
  array::read_text_proto(part / graph::kShardManifest, shard);
  for (proto::ArrayRecord& record : *shard.mutable_arrays()) {
    if (record.file() == file) record.set_checksum(written.checksum);
  }
  array::write_text_proto(part / graph::kShardManifest, shard);
}

void change_manifest(const fs::path& folder, const std::function<void(proto::Partition&)>& change) {
  proto::Partition manifest = graph::read_partition_manifest(folder);
  change(manifest);
  array::write_text_proto(folder / graph::kPartitionManifest, manifest);
}

class Damage {
 public:
  Damage(fs::path good, fs::path dataset) : good_(std::move(good)), dataset_(std::move(dataset)) {}

  /// The message of the verifier after `damage`; empty if it saw nothing.
  std::string message_after(const std::function<void(const fs::path&)>& damage) const {
    const fs::path bad = good_.parent_path() / "bad";
    fs::remove_all(bad);
    fs::copy(good_, bad, fs::copy_options::recursive);
    damage(bad);
    const std::optional<Error> error = error_of([&] { verify_partition_of(bad, dataset_); });
    return error.has_value() ? error->what() : "";
  }

 private:
  fs::path good_;
  fs::path dataset_;
};

#define EXPECT_MENTIONS(message, word) EXPECT_NE((message).find(word), std::string::npos) << (message)

void expect_structure_damage_found(const Damage& damage) {
  EXPECT_EQ(damage.message_after([](const fs::path&) {}), "");
  EXPECT_MENTIONS(damage.message_after([](const fs::path& bad) {
    const fs::path file = graph::part_folder(bad, 0) / "column_ids.npy";
    std::string bytes = read_text_file(file);
    bytes.back() ^= 1;
    write_text_file(file, bytes);
  }),
                  "checksum");
  EXPECT_MENTIONS(
      damage.message_after([](const fs::path& bad) { fs::remove(graph::part_folder(bad, 1) / "train.npy"); }),
      "train.npy");
  EXPECT_MENTIONS(damage.message_after([](const fs::path& bad) {
    change_array<int32_t>(bad, "degrees_halo.npy", [](auto& degrees) { ++degrees[0]; });
  }),
                  "degrees_halo.npy");
  EXPECT_MENTIONS(damage.message_after([](const fs::path& bad) {
    change_array<int32_t>(bad, "column_ids.npy", [](auto& columns) { columns[0] = -3; });
  }),
                  "column_ids.npy");
  EXPECT_MENTIONS(damage.message_after([](const fs::path& bad) {
    change_array<int64_t>(bad, "halo_ids.npy", [](auto& ids) { ids[0] = ids[1]; });
  }),
                  "halo_ids.npy");
  EXPECT_MENTIONS(damage.message_after([](const fs::path& bad) {
    change_array<int64_t>(bad, "original_ids.npy", [](auto& ids) { ids.back() = 1000000; });
  }),
                  "original_ids.npy");
}

void expect_content_damage_found(const Damage& damage) {
  EXPECT_NE(damage.message_after([](const fs::path& bad) {
    change_array<int64_t>(bad, "labels.npy", [](auto& labels) { labels[0] = (labels[0] + 1) % 3; });
  }),
            "");
  EXPECT_MENTIONS(damage.message_after([](const fs::path& bad) {
    change_array<float>(bad, "features.npy", [](auto& features) { features[4] += 1; });
  }),
                  "features.npy");
  EXPECT_MENTIONS(damage.message_after([](const fs::path& bad) {
    change_manifest(bad, [](proto::Partition& manifest) { manifest.mutable_quality()->set_cut_edges(0); });
  }),
                  "cut_edges");
  EXPECT_MENTIONS(damage.message_after([](const fs::path& bad) {
    change_manifest(bad, [](proto::Partition& manifest) { manifest.mutable_quotient(0)->set_weight(0); });
  }),
                  "quotient");
  EXPECT_MENTIONS(damage.message_after([](const fs::path& bad) {
    change_manifest(bad, [](proto::Partition& manifest) { manifest.mutable_quality()->set_node_balance(3); });
  }),
                  "node_balance");
  EXPECT_MENTIONS(damage.message_after([](const fs::path& bad) {
    change_manifest(bad, [](proto::Partition& manifest) { manifest.set_num_valid(1); });
  }),
                  "num_valid");
}

TEST(Verify, finds_every_planted_damage) {
  const comm::Communicator comm = tests::quiet_world();
  const SharedFolder folder(comm, "verify");
  const PartitionOptions options{.dataset_folder = folder.path() / "dataset",
                                 .output_folder = folder.path() / "good",
                                 .num_parts = 3,
                                 .chunk_bytes = 1000,
                                 .entries_of_rank = 1};
  folder.on_root([&] {
    tests::write_dataset_folder(options.dataset_folder, tests::tiny_input(tests::power_law(90, 4, 7), 1, 2));
  });
  partition_dataset(comm, options);
  folder.on_root([&] {
    const Damage damage(options.output_folder, options.dataset_folder);
    expect_structure_damage_found(damage);
    expect_content_damage_found(damage);
  });
}

}  // namespace
}  // namespace gigahop::partition
