#include "partition/write_parts.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "partition/chunks.h"

namespace gigahop::partition {
namespace {

/// Whom a rank serves in one step of a wave, and who serves it.
struct Step {
  Step(const comm::Communicator& comm, int number)
      : writer((comm.rank() + number) % comm.size()), sender((comm.rank() + comm.size() - number) % comm.size()) {}
  int writer;
  int sender;
};

template <class T>
std::vector<std::span<const T>> addressed_to(int writer, const std::vector<T>& values, int num_ranks) {
  std::vector<std::span<const T>> messages(static_cast<size_t>(num_ranks));
  messages[static_cast<size_t>(writer)] = values;
  return messages;
}

std::vector<HaloNode> gather_halo(const comm::Communicator& comm, const WritePlan& plan, int wave, HaloScan& scan) {
  HaloSet halo;
  comm::ReceivedValues<HaloNode> received;
  for (int number = 0; number < comm.size(); ++number) {
    const Step step(comm, number);
    const std::optional<int> part = plan.part(step.writer, wave);
    const std::vector<HaloNode> found = part.has_value() ? scan.of_part(*part) : std::vector<HaloNode>();
    comm::all_to_all_into<HaloNode>(comm, addressed_to(step.writer, found, comm.size()), received);
    halo.add(received.values);
  }
  return halo.take();
}

/// writer: none on a rank without a part in this wave.
void move_columns(const comm::Communicator& comm, const Block& block, const WritePlan& plan, int wave,
                  int64_t chunk_bytes, std::optional<ShardWriter>& writer) {
  constexpr int64_t kKeyBytes = sizeof(int64_t);
  const int64_t share = comm::max_over_ranks(comm, block.graph.row_offsets.back());
  const int64_t chunk = std::max<int64_t>(1, bounded_chunk(chunk_bytes, kKeyBytes * share) / kKeyBytes);
  std::vector<int64_t> keys;
  comm::ReceivedValues<int64_t> received;
  for (int number = 0; number < comm.size(); ++number) {
    const Step step(comm, number);
    ColumnStream columns(block, plan.part(step.writer, wave));
    const int64_t rounds = (comm::max_over_ranks(comm, columns.num_left()) + chunk - 1) / chunk;
    for (int64_t round = 0; round < rounds; ++round) {
      columns.next(chunk, keys);
      comm::all_to_all_into<int64_t>(comm, addressed_to(step.writer, keys, comm.size()), received);
      comm::agree(comm, [&] {
        if (writer.has_value()) writer->write_columns(step.sender, received.values);
      });
    }
  }
}

}  // namespace

WrittenParts write_parts(const comm::Communicator& comm, const Block& block, const WritePlan& plan,
                         const WriteOptions& options) {
  const graph::PartitionMap& map = block.numbering.map;
  WrittenParts written;
  HaloScan scan(block);
  Progress progress("writing shards", "parts", map.num_parts(),
                    comm.rank() == 0 ? Progress::Visibility::kShown : Progress::Visibility::kQuiet);
  for (int wave = 0; wave < plan.num_waves(); ++wave) {
    comm::ReceivedValues<RowRecord> records = gather_records(comm, block, plan, wave);
    std::vector<HaloNode> halo = gather_halo(comm, plan, wave, scan);
    std::optional<ShardWriter> writer;
    const std::optional<int> part = plan.part(comm.rank(), wave);
    comm::agree(comm, [&] {
      if (part.has_value()) writer.emplace(options.folder, map, *part, std::move(records), std::move(halo));
    });
    move_columns(comm, block, plan, wave, options.chunk_bytes, writer);
    comm::agree(comm, [&] {
      if (!writer.has_value()) return;
      written.shards.push_back(writer->finish(options.labels, options.graph_fingerprint));
      written.figures.push_back(writer->figures());
      const auto shares = halo_shares(map, *part, writer->halo_ids());
      written.shares.insert(written.shares.end(), shares.begin(), shares.end());
    });
    progress.advance(plan.num_parts_in_wave(comm.size(), wave));
  }
  progress.finish();
  return written;
}

}  // namespace gigahop::partition
