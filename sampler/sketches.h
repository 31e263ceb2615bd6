/// Of every row, halo included, the K-1 neighbours of lowest priority as two-step candidates, for one salt.
///
/// The idea (bottom-k sketches; Cohen and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007): the K-1
/// lowest of the two-step ends of a seed are among the K-1 lowest of each of its neighbours. So every node publishes
/// those once per salt, and two hops cost one exchange between parts that touch. A sketch holds priorities alone: ids
/// are recovered from them (sampler/priority.h).
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "sampler/known_rows.h"
#include "sampler/priority.h"
#include "sampler/ragged_exchange.h"

namespace gigahop::sampler {

/// What sketches of all salts share.
struct SketchLayout {
  int64_t max_length = 0;        // K - 1
  std::vector<int64_t> offsets;  // [owned + halo + 1]; a row has min(degree, K - 1) entries
  RaggedPlan halo;
};

/// Pure.
SketchLayout lay_out_sketches(const graph::LocalGraph& graph, const KnownRows& rows, int64_t max_length);

struct Sketches {
  std::vector<uint64_t> priorities;  // by layout.offsets, ascending within a row

  std::span<const uint64_t> of(const SketchLayout& layout, LocalId row) const {
    const int64_t begin = layout.offsets[row.value];
    return {priorities.data() + begin, static_cast<size_t>(layout.offsets[row.value + 1] - begin)};
  }
};

/// Collective. Cost: reads every edge once; each halo row's sketch travels once, in rounds.
Sketches build_sketches(const graph::LocalGraph& graph, const KnownRows& rows, const SketchLayout& layout,
                        const comm::Communicator& comm, PriorityKey key, int num_threads, int64_t round_elements);

}  // namespace gigahop::sampler
