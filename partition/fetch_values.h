/// Values that other ranks hold for single nodes: one plan for a list of node ids, run for any type of value.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "comm/exchange.h"
#include "partition/node_blocks.h"

namespace gigahop::partition {

/// ids: each once, of any rank's block. Collective; ranks may ask for different numbers of ids, also none.
comm::RowPlan plan_fetch(const comm::Communicator& comm, const NodeBlocks& blocks, std::span<const int64_t> ids);

/// [ids] what their owners hold. held [owned]. Collective.
template <class T>
std::vector<T> fetch_values(const comm::Communicator& comm, const comm::RowPlan& plan, std::span<const T> held) {
  std::vector<T> values(static_cast<size_t>(plan.num_wanted()));
  comm::run_rows(
      comm, plan, sizeof(T),
      [&](int64_t row, std::byte* out) { std::memcpy(out, &held[static_cast<size_t>(row)], sizeof(T)); },
      reinterpret_cast<std::byte*>(values.data()), sizeof(T));
  return values;
}

}  // namespace gigahop::partition
