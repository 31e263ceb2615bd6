#include "sampler/access_weights.h"

#include <algorithm>

#include "sampler/known_rows.h"

namespace gigahop::sampler {
namespace {

/// c_i: the probability of each walk of one or two steps.
double probability_of_walk(const graph::LocalGraph& graph, LocalId seed, int64_t sample_size) {
  const auto edges = graph.edges();
  const auto neighbours = edges.neighbours(seed.value);
  auto walks = static_cast<double>(neighbours.size());
  for (const LocalId neighbour : neighbours) {
    const int64_t halo = neighbour.value - graph.num_owned();
    walks += static_cast<double>(halo < 0 ? edges.degree(neighbour.value) : graph.halo_degrees()[halo]);
  }
  return std::min(1.0, static_cast<double>(sample_size - 1) / walks);
}

}  // namespace

AccessWeights::AccessWeights(const graph::LocalGraph& graph, const comm::Communicator& comm,
                             std::span<const LocalId> seeds, int64_t sample_size)
    : graph_(graph),
      halo_plan_(plan_halo(graph, comm)),
      one_step_(static_cast<size_t>(graph.num_owned() + graph.num_halo())) {
  for (const LocalId seed : seeds) {
    const auto neighbours = graph.edges().neighbours(seed.value);
    if (neighbours.empty()) continue;
    const auto weight = static_cast<float>(probability_of_walk(graph, seed, sample_size));
    for (const LocalId neighbour : neighbours) one_step_[neighbour.value] += weight;
  }
  std::vector<std::vector<float>> messages;
  for (const std::vector<int64_t>& places : halo_plan_.receive_places) {
    std::vector<float>& message = messages.emplace_back();
    for (const int64_t place : places) message.push_back(one_step_[graph.num_owned() + place]);
  }
  const auto received = comm::all_to_all(comm, messages);
  for (int rank = 0; rank < comm.size(); ++rank) {
    const auto weights = received.from(rank);
    asked_.emplace_back(weights.begin(), weights.end());
  }
}

void AccessWeights::scatter_row(int64_t row, float weight, std::vector<float>& weights) const {
  if (weight == 0) return;
  for (const LocalId neighbour : graph_.edges().neighbours(row)) weights[neighbour.value] += weight;
}

std::vector<float> AccessWeights::of_rank(const comm::Communicator& comm, int rank) const {
  const int64_t num_owned = graph_.num_owned();
  std::vector<float> weights(one_step_.size());
  if (rank == comm.rank()) {
    std::copy(one_step_.begin() + num_owned, one_step_.end(), weights.begin() + num_owned);
    for (int64_t row = 0; row < num_owned; ++row) scatter_row(row, one_step_[row], weights);
  } else {
    const std::vector<int64_t>& rows = halo_plan_.send_rows[rank];
    for (size_t i = 0; i < rows.size(); ++i) scatter_row(rows[i], asked_[rank][i], weights);
  }

  std::vector<std::vector<float>> messages;
  for (const std::vector<int64_t>& places : halo_plan_.receive_places) {
    std::vector<float>& message = messages.emplace_back();
    for (const int64_t place : places) message.push_back(weights[num_owned + place]);
  }
  const auto received = comm::all_to_all(comm, messages);
  for (int from = 0; from < comm.size(); ++from) {
    const auto theirs = received.from(from);
    for (size_t i = 0; i < theirs.size(); ++i) weights[halo_plan_.send_rows[from][i]] += theirs[i];
  }
  weights.resize(static_cast<size_t>(num_owned));
  return weights;
}

}  // namespace gigahop::sampler
