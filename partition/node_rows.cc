#include "partition/node_rows.h"

#include <algorithm>
#include <vector>

#include "array/manifest.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/exchange.h"
#include "graph/partition_folder.h"

namespace gigahop::partition {
namespace {

/// Consecutive rows of one part, as they lie in a message.
struct Run {
  int64_t part = 0;
  int64_t first_row = 0;  // in the part
  int64_t num_rows = 0;
};

struct Outgoing {
  std::vector<std::vector<Run>> runs;        // [R]
  std::vector<std::vector<std::byte>> rows;  // [R]
};

/// Sorts rows [first, first + count) of this rank's block by the rank that writes them.
Outgoing pack_rows(const Numbering& numbering, const WritePlan& plan, int num_ranks, int64_t first, int64_t count,
                   std::span<const std::byte> block_bytes, int64_t row_bytes) {
  Outgoing outgoing;
  outgoing.runs.resize(static_cast<size_t>(num_ranks));
  outgoing.rows.resize(static_cast<size_t>(num_ranks));
  std::vector<std::pair<GlobalId, int64_t>> order;
  for (int64_t row = first; row < first + count; ++row) {
    order.emplace_back(numbering.new_ids[static_cast<size_t>(row)], row);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [id, row] : order) {
    const int part = numbering.map.owner(id);
    const int writer = plan.writer(part);
    auto& runs = outgoing.runs[writer];
    if (runs.empty() || runs.back().part != part) {
      runs.push_back({.part = part, .first_row = id.value - numbering.map.first_node(part).value, .num_rows = 0});
    }
    ++runs.back().num_rows;
    const auto bytes = block_bytes.subspan(static_cast<size_t>(row * row_bytes), static_cast<size_t>(row_bytes));
    outgoing.rows[writer].insert(outgoing.rows[writer].end(), bytes.begin(), bytes.end());
  }
  return outgoing;
}

void write_runs(const std::filesystem::path& partition_folder, const std::string& file, std::span<const Run> runs,
                std::span<const std::byte> bytes, int64_t row_bytes) {
  for (const Run& run : runs) {
    array::NpySliceWriter writer(graph::part_folder(partition_folder, static_cast<int>(run.part)) / file);
    const auto size = static_cast<size_t>(run.num_rows * row_bytes);
    writer.write_rows(run.first_row, bytes.first(size));
    bytes = bytes.subspan(size);
  }
}

void create_files(const std::filesystem::path& partition_folder, const std::string& file, const array::NpyArray& source,
                  std::span<const proto::Shard> shards) {
  for (const proto::Shard& shard : shards) {
    std::vector<int64_t> shape = source.shape();
    shape[0] = shard.num_owned();
    array::create_npy(graph::part_folder(partition_folder, shard.part()) / file, source.dtype(), shape);
  }
}

void finish_files(const std::filesystem::path& partition_folder, const std::string& file, const array::NpyArray& source,
                  std::span<proto::Shard> shards) {
  for (proto::Shard& shard : shards) {
    const std::filesystem::path path = graph::part_folder(partition_folder, shard.part()) / file;
    array::NpySliceWriter(path).close();
    array::ArrayFile described = array::describe_npy(path);
    described.dtype = source.dtype();  // bfloat16 lies on disk as uint16
    array::add_record(*shard.mutable_arrays(), described);
  }
}

}  // namespace

void move_node_rows(const comm::Communicator& comm, const NodeBlocks& blocks, const Numbering& numbering,
                    const WritePlan& plan, const array::NpyArray& source, const std::filesystem::path& partition_folder,
                    const std::string& file, int64_t chunk_bytes, std::span<proto::Shard> shards) {
  const int64_t row_bytes = source.row_elements() * array::bytes_of(source.dtype());
  const int64_t block_size = blocks.size(comm.rank());
  const auto block_bytes = source.bytes().subspan(static_cast<size_t>(blocks.first(comm.rank()) * row_bytes),
                                                  static_cast<size_t>(block_size * row_bytes));
  const int64_t chunk = std::max<int64_t>(1, chunk_bytes / std::max<int64_t>(1, row_bytes));
  const int64_t rounds = comm::max_over_ranks(comm, (block_size + chunk - 1) / chunk);
  Progress progress("writing " + file, "rows", blocks.num_nodes(),
                    comm.rank() == 0 ? Progress::Visibility::kShown : Progress::Visibility::kQuiet);
  comm::agree(comm, [&] { create_files(partition_folder, file, source, shards); });
  for (int64_t round = 0; round < rounds; ++round) {
    const int64_t first = std::min(block_size, round * chunk);
    const int64_t count = std::min(block_size - first, chunk);
    const Outgoing outgoing = pack_rows(numbering, plan, comm.size(), first, count, block_bytes, row_bytes);
    const auto runs = comm::all_to_all(comm, outgoing.runs);
    const auto rows = comm::all_to_all(comm, outgoing.rows);
    comm::agree(comm, [&] { write_runs(partition_folder, file, runs.values, rows.values, row_bytes); });
    progress.advance(std::min(chunk * comm.size(), blocks.num_nodes() - round * chunk * comm.size()));
  }
  comm::agree(comm, [&] { finish_files(partition_folder, file, source, shards); });
  progress.finish();
}

}  // namespace gigahop::partition
