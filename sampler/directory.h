/// Where every node lives, as a table spread over the ranks in blocks of original ids.
///
/// Sampling deals in original ids alone; once per batch the directory turns the distinct ones into rank and row. That
/// halves sketches and messages (no second id beside the priority) and serves nodes that no sketch mentions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "comm/communicator.h"
#include "graph/local_graph.h"

namespace gigahop::sampler {

struct Location {
  int32_t rank = -1;
  int32_t row = -1;  // among the owned rows of that rank
};

/// First original id that the directory keeps on `rank`: floor(N rank / R). Pure.
int64_t first_directory_id(int64_t num_nodes, int rank, int num_ranks);

class Directory {
 public:
  /// Collective; every rank announces its nodes in rounds of `round_elements`. Memory: 8 N / R bytes.
  /// Error{kData} on all ranks unless the owned nodes are 0..N-1, each once.
  Directory(const graph::LocalGraph& graph, const comm::Communicator& comm, int64_t round_elements);

  /// ids: ascending, distinct. Collective: two all_to_all, 8 bytes out and 8 bytes back per id.
  std::vector<Location> locate(const comm::Communicator& comm, std::span<const OriginalId> ids) const;

 private:
  int64_t num_nodes_;
  int64_t first_id_;
  std::vector<Location> block_;
};

}  // namespace gigahop::sampler
