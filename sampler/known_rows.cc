#include "sampler/known_rows.h"

#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "comm/agree.h"
#include "comm/exchange.h"

namespace gigahop::sampler {
namespace {

struct Card {
  OriginalId id;
  int64_t degree;
};

std::vector<Card> fetch_cards(const graph::LocalGraph& graph, const comm::Communicator& comm) {
  const comm::RowPlan plan = plan_halo(graph, comm);
  std::vector<Card> cards(static_cast<size_t>(graph.num_halo()));
  const auto pack = [&](int64_t row, std::byte* out) {
    const Card card{graph.original_ids()[row], graph.edges().degree(row)};
    std::memcpy(out, &card, sizeof card);
  };
  comm::run_rows(comm, plan, sizeof(Card), pack, reinterpret_cast<std::byte*>(cards.data()), sizeof(Card));
  return cards;
}

}  // namespace

comm::RowPlan plan_halo(const graph::LocalGraph& graph, const comm::Communicator& comm) {
  std::vector<int32_t> ranks;
  std::vector<int64_t> owner_rows;
  ranks.reserve(static_cast<size_t>(graph.num_halo()));
  owner_rows.reserve(static_cast<size_t>(graph.num_halo()));
  for (const GlobalId id : graph.halo_ids()) {
    ranks.push_back(graph.rank_of(id));
    owner_rows.push_back(graph.row_on_owner(id));
  }
  return comm::plan_rows(comm, ranks, owner_rows);
}

std::vector<OriginalId> learn_original_ids(const graph::LocalGraph& graph, const comm::Communicator& comm) {
  std::vector<OriginalId> ids;
  ids.reserve(static_cast<size_t>(graph.num_owned() + graph.num_halo()));
  ids.assign(graph.original_ids().begin(), graph.original_ids().end());
  const std::vector<Card> cards = fetch_cards(graph, comm);
  comm::agree(comm, [&] {
    for (size_t halo = 0; halo < cards.size(); ++halo) {
      if (cards[halo].degree == graph.halo_degrees()[halo]) continue;
      throw data_error((graph.shards().front().folder().parent_path()).string(),
                       fmt::format("degree {} of node {} in degrees_halo.npy, as its owner has it", cards[halo].degree,
                                   cards[halo].id.value),
                       std::to_string(graph.halo_degrees()[halo]),
                       "the shards are damaged; run gigahop partition again");
    }
  });
  for (const Card& card : cards) ids.push_back(card.id);
  return ids;
}

}  // namespace gigahop::sampler
