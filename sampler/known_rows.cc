#include "sampler/known_rows.h"

#include <cstring>

namespace gigahop::sampler {

KnownRows learn_rows(const graph::LocalGraph& graph, const comm::Communicator& comm) {
  KnownRows rows;
  rows.halo_ranks.reserve(static_cast<size_t>(graph.num_halo()));
  rows.halo_owner_rows.reserve(static_cast<size_t>(graph.num_halo()));
  for (const GlobalId id : graph.halo_ids()) {
    rows.halo_ranks.push_back(graph.rank_of(id));
    rows.halo_owner_rows.push_back(graph.row_on_owner(id));
  }
  rows.halo_plan = comm::plan_rows(comm, rows.halo_ranks, rows.halo_owner_rows);

  struct Card {
    OriginalId id;
    int64_t degree;
  };
  std::vector<Card> cards(static_cast<size_t>(graph.num_halo()));
  const auto pack = [&](int64_t row, std::byte* out) {
    const Card card{graph.original_ids()[row], graph.edges().degree(row)};
    std::memcpy(out, &card, sizeof card);
  };
  comm::run_rows(comm, rows.halo_plan, sizeof(Card), pack, reinterpret_cast<std::byte*>(cards.data()), sizeof(Card));

  rows.original_ids.assign(graph.original_ids().begin(), graph.original_ids().end());
  rows.original_ids.reserve(rows.original_ids.size() + cards.size());
  rows.halo_degrees.reserve(cards.size());
  for (const Card& card : cards) {
    rows.original_ids.push_back(card.id);
    rows.halo_degrees.push_back(card.degree);
  }
  return rows;
}

}  // namespace gigahop::sampler
