/// Manifests: the input as dataset.textproto and partition.textproto of folders, and as that of a checkpoint.
#include "array/manifest.h"
#include "dataset/verify.h"
#include "graph/local_graph.h"
#include "proto/checkpoint.pb.h"
#include "support/tiny_graphs.h"
#include "support/write_dataset_folder.h"
#include "target.h"

using namespace gigahop;

namespace {

namespace fs = std::filesystem;

/// Folders whose arrays are whole: only the manifest is the input's.
fs::path make_folders() {
  const tests::PartitionInput input = tests::tiny_input(tests::cycle(6), 2, 1);
  tests::write_dataset_folder(fuzz::scratch() / "dataset", input);
  tests::write_partition_folder(fuzz::scratch() / "partition", input);
  return fuzz::scratch();
}

void open_partition(const fs::path& folder) {
  const proto::Partition manifest = graph::read_partition_manifest(folder);
  const graph::PartitionMap map = graph::partition_map(manifest);
  map.owner(GlobalId(map.num_nodes() - 1));
  if (manifest.num_parts() == 2) graph::LocalGraph(folder, {0, 0}, 0);
}

void read_checkpoint_manifest(const fs::path& path) {
  proto::Checkpoint manifest;
  array::read_text_proto(path, manifest);
  array::verify_records(path.parent_path(), manifest.arrays(), array::Verify::kChecksum);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const fs::path folder = make_folders();
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::write_input("dataset/dataset.textproto", text);
  fuzz::expect_data_or_error([] { dataset::verify_dataset(folder / "dataset"); }, "dataset");
  fuzz::write_input("partition/partition.textproto", text);
  fuzz::expect_data_or_error([] { open_partition(folder / "partition"); }, "part");
  const fs::path checkpoint = fuzz::write_input("checkpoint.textproto", text);
  fuzz::expect_data_or_error([&] { read_checkpoint_manifest(checkpoint); }, folder.string());
  return 0;
}
