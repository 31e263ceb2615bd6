#include "partition/quality.h"

#include <algorithm>
#include <map>

namespace gigahop::partition {
namespace {

/// Largest over average; 1 where there is nothing to balance.
double balance(std::span<const PartFigures> figures, int64_t PartFigures::*member) {
  int64_t total = 0;
  int64_t largest = 0;
  for (const PartFigures& part : figures) {
    total += part.*member;
    largest = std::max(largest, part.*member);
  }
  if (total == 0) return 1.0;
  return static_cast<double>(largest) * static_cast<double>(figures.size()) / static_cast<double>(total);
}

int64_t total(std::span<const PartFigures> figures, int64_t PartFigures::*member) {
  int64_t sum = 0;
  for (const PartFigures& part : figures) sum += part.*member;
  return sum;
}

double share(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

void describe_quotient(std::span<const HaloShare> shares, proto::Partition& partition) {
  std::map<std::pair<int64_t, int64_t>, int64_t> weights;
  for (const HaloShare& entry : shares) {
    weights[{std::min(entry.from, entry.to), std::max(entry.from, entry.to)}] += entry.num_nodes;
  }
  for (const auto& [pair, weight] : weights) {
    proto::QuotientEdge* edge = partition.add_quotient();
    edge->set_a(static_cast<int32_t>(pair.first));
    edge->set_b(static_cast<int32_t>(pair.second));
    edge->set_weight(weight);
  }
}

}  // namespace

std::vector<HaloShare> halo_shares(const graph::PartitionMap& map, int part, std::span<const int64_t> halo_ids) {
  std::vector<HaloShare> shares;
  for (const int64_t id : halo_ids) {
    const int owner = map.owner(GlobalId(id));
    if (shares.empty() || shares.back().to != owner) shares.push_back({.from = part, .to = owner, .num_nodes = 0});
    ++shares.back().num_nodes;
  }
  return shares;
}

void describe_quality(std::span<const PartFigures> figures, std::span<const HaloShare> shares,
                      proto::Partition& partition) {
  int64_t offset = 0;
  partition.add_part_offsets(0);
  for (const PartFigures& part : figures) {
    proto::PartSummary* summary = partition.add_parts();
    summary->set_num_owned(part.num_owned);
    summary->set_num_halo(part.num_halo);
    summary->set_num_edges(part.num_edges);
    summary->set_num_train(part.num_train);
    offset += part.num_owned;
    partition.add_part_offsets(offset);
  }
  partition.set_num_edges(total(figures, &PartFigures::num_edges));
  partition.set_num_train(total(figures, &PartFigures::num_train));
  partition.set_num_valid(total(figures, &PartFigures::num_valid));
  partition.set_num_test(total(figures, &PartFigures::num_test));
  describe_quotient(shares, partition);

  const int64_t cut = total(figures, &PartFigures::num_cut_edges);
  const int64_t volume = total(figures, &PartFigures::num_halo);
  proto::Quality* quality = partition.mutable_quality();
  quality->set_cut_edges(cut);
  quality->set_cut_share(share(cut, partition.num_edges()));
  quality->set_communication_volume(volume);
  quality->set_halo_share(share(volume, partition.num_nodes()));
  quality->set_node_balance(balance(figures, &PartFigures::num_owned));
  quality->set_edge_balance(balance(figures, &PartFigures::num_edges));
  quality->set_train_balance(balance(figures, &PartFigures::num_train));
}

}  // namespace gigahop::partition
