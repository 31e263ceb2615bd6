#include "partition/node_rows.h"

#include <algorithm>
#include <vector>

#include "array/manifest.h"
#include "array/npy.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/exchange.h"
#include "graph/partition_folder.h"
#include "partition/chunks.h"

namespace gigahop::partition {
namespace {

/// Consecutive rows of one part, as they lie in a message.
struct Run {
  int64_t part = 0;
  int64_t first_row = 0;  // in the part
  int64_t num_rows = 0;
};

struct Outgoing {
  std::vector<std::vector<Run>> runs;                      // [R]
  std::vector<std::byte> rows;                             // those of one writer together
  std::vector<std::span<const std::byte>> rows_of_writer;  // [R]
};

/// Sorts `rows`, which are those from `first` on of this rank's block, by the rank that writes them.
void pack_rows(const Numbering& numbering, const WritePlan& plan, int num_ranks, int64_t first,
               std::span<const std::byte> rows, int64_t row_bytes, Outgoing& outgoing) {
  const auto width = static_cast<size_t>(row_bytes);
  outgoing.runs.assign(static_cast<size_t>(num_ranks), {});
  outgoing.rows.resize(rows.size());
  std::vector<std::pair<GlobalId, size_t>> order;
  order.reserve(rows.size() / width);
  for (size_t row = 0; row < rows.size() / width; ++row) {
    order.emplace_back(numbering.new_ids[static_cast<size_t>(first) + row], row);
  }
  std::sort(order.begin(), order.end());
  // Writers have consecutive parts, so the order of new ids is also that of writers.
  std::vector<size_t> sizes(static_cast<size_t>(num_ranks));
  std::byte* out = outgoing.rows.data();
  for (const auto& [id, row] : order) {
    const int part = numbering.map.owner(id);
    const int writer = plan.writer(part);
    auto& runs = outgoing.runs[writer];
    if (runs.empty() || runs.back().part != part) {
      runs.push_back({.part = part, .first_row = id.value - numbering.map.first_node(part).value, .num_rows = 0});
    }
    ++runs.back().num_rows;
    out = std::copy_n(rows.data() + row * width, width, out);
    sizes[writer] += width;
  }
  outgoing.rows_of_writer.clear();
  std::span<const std::byte> left = outgoing.rows;
  for (const size_t size : sizes) {
    outgoing.rows_of_writer.push_back(left.first(size));
    left = left.subspan(size);
  }
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

void create_files(const std::filesystem::path& partition_folder, const NodeRowsFile& file,
                  const array::NpySliceReader& source, std::span<const proto::Shard> shards) {
  for (const proto::Shard& shard : shards) {
    std::vector<int64_t> shape = source.shape();
    shape[0] = shard.num_owned();
    array::create_npy(graph::part_folder(partition_folder, shard.part()) / file.shard_file, file.dtype, shape);
  }
}

void finish_files(const std::filesystem::path& partition_folder, const NodeRowsFile& file,
                  std::span<proto::Shard> shards) {
  for (proto::Shard& shard : shards) {
    const std::filesystem::path path = graph::part_folder(partition_folder, shard.part()) / file.shard_file;
    array::NpySliceWriter(path).close();
    array::ArrayFile described = array::describe_npy(path);
    described.dtype = file.dtype;
    array::add_record(*shard.mutable_arrays(), described);
  }
}

}  // namespace

void move_node_rows(const comm::Communicator& comm, const NodeBlocks& blocks, const Numbering& numbering,
                    const WritePlan& plan, const NodeRowsFile& file, const std::filesystem::path& partition_folder,
                    int64_t chunk_bytes, std::span<proto::Shard> shards) {
  array::NpySliceReader source;
  comm::agree(comm, [&] {
    source = array::NpySliceReader(file.source);
    create_files(partition_folder, file, source, shards);
  });
  const int64_t row_elements = source.row_elements();
  const int64_t row_bytes = row_elements * array::bytes_of(file.dtype);
  const int64_t first_node = blocks.first(comm.rank());
  const int64_t block_size = blocks.size(comm.rank());
  const int64_t largest = comm::max_over_ranks(comm, block_size);
  const int64_t chunk = std::max<int64_t>(1, bounded_chunk(chunk_bytes, largest * row_bytes) / row_bytes);
  Progress progress("writing " + file.shard_file, "rows per rank", largest,
                    comm.rank() == 0 ? Progress::Visibility::kShown : Progress::Visibility::kQuiet);
  std::vector<std::byte> rows;
  Outgoing outgoing;
  comm::ReceivedValues<std::byte> received;
  for (int64_t done = 0; done < largest; done += chunk) {
    const int64_t first = std::min(block_size, done);
    comm::agree(comm, [&] {
      rows.resize(static_cast<size_t>(std::min(block_size - first, chunk) * row_bytes));
      source.read_bytes((first_node + first) * row_elements, rows);
      pack_rows(numbering, plan, comm.size(), first, rows, row_bytes, outgoing);
    });
    const auto runs = comm::all_to_all(comm, outgoing.runs);
    comm::all_to_all_into<std::byte>(comm, outgoing.rows_of_writer, received);
    comm::agree(comm, [&] { write_runs(partition_folder, file.shard_file, runs.values, received.values, row_bytes); });
    progress.advance(std::min(chunk, largest - done));
  }
  comm::agree(comm, [&] { finish_files(partition_folder, file, shards); });
  progress.finish();
}

}  // namespace gigahop::partition
