/// Rows travel from the blocks of original ids to the rank that writes their part.
///
/// Parts are written in waves, one part per rank at a time, so that no rank holds more than its block and one part.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "comm/communicator.h"
#include "graph/csr.h"
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
  NodeBlocks blocks;
  graph::Csr<int64_t> rows;  // columns: original ids
  NodeAttributes attributes;
  Numbering numbering;
};

struct RowRecord {
  int64_t original_id = 0;
  int64_t label = -1;
  int32_t degree = 0;
  Split split = Split::kNone;
};

struct PartRows {
  std::vector<RowRecord> records;  // [owned], ascending by original id
  std::vector<GlobalId> columns;   // row after row
};

/// The rows of the part that this rank writes in this wave; empty if none.
/// Collective  all ranks, same wave
/// Cost        8 bytes per entry and 24 per row, and 16 per distinct column of a rank's share
PartRows gather_part_rows(const comm::Communicator& comm, const Block& block, const WritePlan& plan, int wave);

/// Degree of any node by its new id, spread over the ranks by blocks of new ids.
class DegreeTable {
 public:
  /// Collective. 16 bytes sent per node.
  DegreeTable(const comm::Communicator& comm, const Block& block);

  /// [ids] degrees. Collective; ranks may ask for different numbers of ids, also none.
  std::vector<int32_t> look_up(const comm::Communicator& comm, std::span<const GlobalId> ids) const;

 private:
  NodeBlocks blocks_;
  std::vector<int32_t> degrees_;  // [block of new ids]
};

}  // namespace gigahop::partition
