#include "sampler/directory.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/exchange.h"

namespace gigahop::sampler {
namespace {

struct Announcement {
  OriginalId id;
  int64_t row;
};

int directory_rank(int64_t num_nodes, OriginalId id, int num_ranks) {
  int rank = static_cast<int>(static_cast<double>(id.value) / static_cast<double>(num_nodes) * num_ranks);
  rank = std::clamp(rank, 0, num_ranks - 1);
  while (first_directory_id(num_nodes, rank, num_ranks) > id.value) --rank;
  while (first_directory_id(num_nodes, rank + 1, num_ranks) <= id.value) ++rank;
  return rank;
}

void check_range(const graph::LocalGraph& graph, int64_t num_nodes) {
  for (int64_t row = 0; row < graph.num_owned(); ++row) {
    const OriginalId id = graph.original_ids()[row];
    if (id.value >= 0 && id.value < num_nodes) continue;
    const graph::Shard& shard = graph.shards()[graph.shard_of(LocalId(static_cast<int32_t>(row)))];
    throw data_error((shard.folder() / "original_ids.npy").string(), fmt::format("ids in [0, {})", num_nodes),
                     fmt::format("{}", id.value), "the shards are damaged; run gigahop partition again");
  }
}

}  // namespace

int64_t first_directory_id(int64_t num_nodes, int rank, int num_ranks) {
  return num_nodes / num_ranks * rank + num_nodes % num_ranks * rank / num_ranks;
}

Directory::Directory(const graph::LocalGraph& graph, const comm::Communicator& comm, int64_t round_elements)
    : num_nodes_(graph.map().num_nodes()), first_id_(first_directory_id(num_nodes_, comm.rank(), comm.size())) {
  comm::agree(comm, [&] { check_range(graph, num_nodes_); });
  block_.resize(static_cast<size_t>(first_directory_id(num_nodes_, comm.rank() + 1, comm.size()) - first_id_));
  const int64_t rounds = comm::max_over_ranks(comm, (graph.num_owned() + round_elements - 1) / round_elements);
  int64_t announced = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    std::vector<std::vector<Announcement>> messages(static_cast<size_t>(comm.size()));
    const int64_t end = std::min(graph.num_owned(), (round + 1) * round_elements);
    for (int64_t row = round * round_elements; row < end; ++row) {
      const OriginalId id = graph.original_ids()[row];
      messages[directory_rank(num_nodes_, id, comm.size())].push_back({id, row});
    }
    const auto received = comm::all_to_all(comm, messages);
    announced += static_cast<int64_t>(received.values.size());
    for (int rank = 0; rank < comm.size(); ++rank) {
      for (const Announcement& node : received.from(rank)) {
        block_[node.id.value - first_id_] = {rank, static_cast<int32_t>(node.row)};
      }
    }
  }
  comm::agree(comm, [&] {
    const auto missing = std::find_if(block_.begin(), block_.end(), [](Location at) { return at.rank < 0; });
    if (missing == block_.end() && announced == static_cast<int64_t>(block_.size())) return;
    const int64_t id = first_id_ + (missing == block_.end() ? 0 : missing - block_.begin());
    throw data_error(graph.shards().front().folder().parent_path().string(), "every node owned by exactly one part",
                     missing == block_.end() ? "a node owned twice" : fmt::format("node {} owned by none", id),
                     "the shards are damaged; run gigahop partition again");
  });
}

std::vector<Location> Directory::locate(const comm::Communicator& comm, std::span<const OriginalId> ids) const {
  if (comm.size() == 1) {
    std::vector<Location> locations(ids.size());
    for (size_t i = 0; i < ids.size(); ++i) locations[i] = block_[ids[i].value];
    return locations;
  }
  std::vector<std::vector<OriginalId>> questions(static_cast<size_t>(comm.size()));
  auto begin = ids.begin();
  for (int rank = 0; rank < comm.size(); ++rank) {
    const OriginalId limit(first_directory_id(num_nodes_, rank + 1, comm.size()));
    const auto end = std::lower_bound(begin, ids.end(), limit);
    questions[rank].assign(begin, end);
    begin = end;
  }
  const auto asked = comm::all_to_all(comm, questions);
  std::vector<std::vector<Location>> answers(questions.size());
  for (int rank = 0; rank < comm.size(); ++rank) {
    for (const OriginalId id : asked.from(rank)) answers[rank].push_back(block_[id.value - first_id_]);
  }
  // Blocks and ids ascend together, so the answers of rank 0, 1, ... are those of ids 0, 1, ...
  return comm::all_to_all(comm, answers).values;
}

}  // namespace gigahop::sampler
