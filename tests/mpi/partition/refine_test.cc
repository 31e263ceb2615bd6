/// Parts from elsewhere: improved, and given to the nodes of a graph that grew.
#include <gtest/gtest.h>

#include "mpi/partition/shared_folder.h"
#include "mpi/partition/spread.h"
#include "partition/multilevel/place_by_neighbours.h"

namespace gigahop::partition {
namespace {

TEST(Multilevel, improves_parts_from_elsewhere) {
  const comm::Communicator comm = tests::quiet_world();
  const Spread spread(comm, communities(900, 6, 12));
  std::vector<int32_t> parts = random_parts(comm, spread.graph, 6);
  const int64_t before = cut_of(spread.rows, whole<int32_t>(comm, parts));
  refine_partition(comm, spread.graph, 3, spread.weights, options_for(6), parts);
  EXPECT_LT(cut_of(spread.rows, whole<int32_t>(comm, parts)), before);
  EXPECT_EQ(PartState(comm, spread.view(), spread.limits(6, 0.05), parts).overload(), 0);
}

TEST(PlaceByNeighbours, new_nodes_join_their_community_in_rounds) {
  const comm::Communicator comm = tests::quiet_world();
  // Two paths, 0 2 4 ... and 1 3 5 ..., of which the first nodes have parts: the others are reached one after another.
  EdgeList edges{.num_nodes = 40, .edges = {}};
  for (int64_t node = 2; node < 40; ++node) edges.edges.emplace_back(node - 2, node);
  const Spread spread(comm, edges);
  std::vector<int32_t> parts(static_cast<size_t>(spread.graph.num_owned()), kNoPart);
  for (int64_t row = 0; row < spread.graph.num_owned(); ++row) {
    const int64_t node = spread.graph.node(comm.rank(), row);
    if (node < 2) parts[static_cast<size_t>(row)] = static_cast<int32_t>(node);
  }
  const PartLimits limits{.num_parts = 2, .limits = {40, 80, 40}};
  PartState state(comm, spread.view(), limits, parts);
  place_by_neighbours(comm, state);
  const std::vector<int32_t> placed = whole<int32_t>(comm, state.owned_parts());
  for (size_t node = 0; node < placed.size(); ++node) EXPECT_EQ(placed[node], static_cast<int32_t>(node % 2));
}

TEST(PlaceByNeighbours, no_part_takes_more_than_it_has_room_for) {
  const comm::Communicator comm = tests::quiet_world();
  EdgeList star{.num_nodes = 21, .edges = {}};
  for (int64_t node = 1; node < 21; ++node) star.edges.emplace_back(0, node);
  const Spread spread(comm, star);
  std::vector<int32_t> parts(static_cast<size_t>(spread.graph.num_owned()), kNoPart);
  if (spread.graph.num_owned() > 0 && spread.graph.node(comm.rank(), 0) == 0) parts[0] = 1;
  const PartLimits limits{.num_parts = 2, .limits = {8, 100, 100}};
  PartState state(comm, spread.view(), limits, parts);
  place_by_neighbours(comm, state);
  EXPECT_LE(state.load(1, 0), 8);
  EXPECT_EQ(state.load(0, 0), 0);
}

TEST(RefinePartition, takes_in_new_nodes_and_keeps_the_limits) {
  const comm::Communicator comm = tests::quiet_world();
  const Spread spread(comm, communities(900, 6, 12));
  std::vector<int32_t> parts(static_cast<size_t>(spread.graph.num_owned()), kNoPart);
  for (int64_t row = 0; row < spread.graph.num_owned(); ++row) {
    const int64_t node = spread.graph.node(comm.rank(), row);
    if (node < 810) parts[static_cast<size_t>(row)] = static_cast<int32_t>(node % 6);
  }
  refine_partition(comm, spread.graph, 3, spread.weights, options_for(6), parts);
  const std::vector<int32_t> refined = whole<int32_t>(comm, parts);
  EXPECT_EQ(PartState(comm, spread.view(), spread.limits(6, 0.05), parts).overload(), 0);
  int64_t num_at_home = 0;
  for (size_t node = 810; node < refined.size(); ++node) num_at_home += refined[node] == static_cast<int32_t>(node % 6);
  EXPECT_GT(num_at_home, 80);
}

}  // namespace
}  // namespace gigahop::partition
