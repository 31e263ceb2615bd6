#include "partition/given_parts.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "array/npy.h"
#include "base/error.h"
#include "comm/agree.h"
#include "graph/partition_folder.h"

namespace gigahop::partition {
namespace {

array::NpySliceReader open_parts(const std::filesystem::path& file, int64_t num_nodes) {
  array::NpySliceReader reader(file);
  if (reader.shape().size() != 1 || reader.num_rows() != num_nodes) {
    throw data_error(file.string(), fmt::format("one dimension of {} nodes", num_nodes),
                     fmt::format("{} dimensions, {} rows", reader.shape().size(), reader.num_rows()),
                     "one part for each node, in the order of the dataset");
  }
  reader.read_integers(0, {});
  return reader;
}

/// Of the file's `num_nodes` entries those of this rank's block.
std::vector<int32_t> read_parts(const comm::Communicator& comm, const std::filesystem::path& file, int64_t num_nodes,
                                const NodeBlocks& blocks, int num_parts) {
  constexpr int64_t kReadAtOnce = 1 << 15;
  const int64_t first_node = std::min(num_nodes, blocks.first(comm.rank()));
  const int64_t end = std::min(num_nodes, blocks.first(comm.rank() + 1));
  std::vector<int32_t> parts;
  comm::agree(comm, [&] {
    const array::NpySliceReader reader = open_parts(file, num_nodes);
    parts.reserve(static_cast<size_t>(end - first_node));
    std::vector<int64_t> slice;
    for (int64_t first = first_node; first < end; first += kReadAtOnce) {
      slice.resize(static_cast<size_t>(std::min(kReadAtOnce, end - first)));
      reader.read_integers(first, slice);
      const auto wrong =
          std::find_if(slice.begin(), slice.end(), [&](int64_t part) { return part < 0 || part >= num_parts; });
      if (wrong != slice.end()) {
        throw data_error(fmt::format("{}: node {}", file.string(), first + (wrong - slice.begin())),
                         fmt::format("a part from 0 to {}", num_parts - 1), std::to_string(*wrong),
                         "partition.num_parts is the number of parts");
      }
      for (const int64_t part : slice) parts.push_back(static_cast<int32_t>(part));
    }
  });
  return parts;
}

}  // namespace

void check_given_parts(const std::filesystem::path& file, int64_t num_nodes) {
  open_parts(file, num_nodes);
}

std::vector<int32_t> read_given_parts(const comm::Communicator& comm, const std::filesystem::path& file,
                                      const NodeBlocks& blocks, int num_parts) {
  return read_parts(comm, file, blocks.num_nodes(), blocks, num_parts);
}

std::vector<int32_t> read_earlier_parts(const comm::Communicator& comm, const std::filesystem::path& partition_folder,
                                        const NodeBlocks& blocks, int num_parts) {
  int64_t num_nodes = 0;
  comm::agree(comm, [&] { num_nodes = graph::read_partition_manifest(partition_folder).num_nodes(); });
  return read_parts(comm, part_of_node_file(partition_folder), num_nodes, blocks, num_parts);
}

void check_earlier_parts(const std::filesystem::path& partition_folder, int64_t num_nodes, int num_parts) {
  const proto::Partition manifest = graph::read_partition_manifest(partition_folder);
  if (manifest.num_nodes() > num_nodes || manifest.num_parts() != num_parts) {
    throw data_error((partition_folder / graph::kPartitionManifest).string(),
                     fmt::format("at most {} nodes in {} parts", num_nodes, num_parts),
                     fmt::format("{} nodes in {} parts", manifest.num_nodes(), manifest.num_parts()),
                     "only a partition of the same nodes, or of the first of them, into as many parts can be refined");
  }
  check_given_parts(part_of_node_file(partition_folder), manifest.num_nodes());
}

std::filesystem::path part_of_node_file(const std::filesystem::path& partition_folder) {
  return partition_folder / "part_of_node.npy";
}

}  // namespace gigahop::partition
