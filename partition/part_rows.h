/// Rows on their way from the blocks of original ids to the rank that writes their part.
///
/// Parts are written in waves, one part per rank at a time. Within a wave, rank r serves the writers in the order r,
/// r + 1, ...: each step has one sender for every writer, so nobody receives more than one rank sends.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "comm/communicator.h"
#include "comm/exchange.h"
#include "partition/distributed_graph.h"
#include "partition/halo.h"
#include "partition/node_attributes.h"
#include "partition/node_blocks.h"
#include "partition/numbering.h"

namespace gigahop::partition {

/// Which rank writes which part, and when: the parts of a rank are consecutive, wave w writes its w-th. Pure.
class WritePlan {
 public:
  WritePlan(int num_parts, int num_ranks) : parts_(num_parts, num_ranks) {}

  int num_waves() const;
  int writer(int part) const { return parts_.owner(part); }
  int num_parts(int rank) const { return static_cast<int>(parts_.size(rank)); }
  /// Nothing if the rank has no part left.
  std::optional<int> part(int rank, int wave) const;
  int num_parts_in_wave(int num_ranks, int wave) const;

 private:
  NodeBlocks parts_;
};

/// This rank's block, as everything before has made it.
struct Block {
  Block(const comm::Communicator& comm, DistributedGraph&& graph, NodeAttributes&& attributes, Numbering&& numbering);

  GlobalId new_id(int64_t local) const {
    const int64_t owned = graph.num_owned();
    return local < owned ? numbering.new_ids[static_cast<size_t>(local)]
                         : halo_new_ids[static_cast<size_t>(local - owned)];
  }
  int64_t degree(int64_t local) const {
    const int64_t owned = graph.num_owned();
    return local < owned ? graph.degree(local) : halo_degrees[static_cast<size_t>(local - owned)];
  }

  DistributedGraph graph;
  NodeAttributes attributes;
  Numbering numbering;
  std::vector<GlobalId> halo_new_ids;  // [halo]
  std::vector<int32_t> halo_degrees;   // [halo]
};

struct RowRecord {
  int64_t original_id = 0;
  int64_t label = -1;
  int32_t degree = 0;
  Split split = Split::kNone;
};

/// The nodes of the part that this rank writes in this wave, by the rank that sent them, so ascending by original id.
/// Collective. Cost: 24 bytes per node of the wave's parts.
comm::ReceivedValues<RowRecord> gather_records(const comm::Communicator& comm, const Block& block,
                                               const WritePlan& plan, int wave);

/// Finds the halo nodes that this rank's rows of a part have, each once. One part after the other, none twice.
class HaloScan {
 public:
  explicit HaloScan(const Block& block);
  std::vector<HaloNode> of_part(int part);

 private:
  const Block& block_;
  std::vector<uint16_t> last_part_;  // [local] that had the node in its halo
};

/// The columns of this rank's rows of one part as keys, row after row, each row ascending; given out piece by piece.
class ColumnStream {
 public:
  /// Nothing to give without a part.
  ColumnStream(const Block& block, std::optional<int> part);

  int64_t num_left() const { return num_left_; }
  /// The next keys, at most so many; `keys` is overwritten.
  void next(int64_t max_keys, std::vector<int64_t>& keys);

 private:
  const Block& block_;
  std::optional<PartRange> range_;
  std::span<const int32_t> rows_;  // of the block, still to come
  std::vector<int64_t> row_;       // keys of the row under way
  size_t row_place_ = 0;
  int64_t num_left_ = 0;
};

}  // namespace gigahop::partition
