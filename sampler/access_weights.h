/// How often the sampler will want each remote node, by analysis: the VIP policy of the row cache.
///
/// Source: Kaler, Iliopoulos, Murzynowski, Schardl, Leiserson, Chen, "Communication-Efficient Graph Neural Networks
/// with Probabilistic Neighborhood Expansion Analysis and Caching" (SALIENT++), MLSys 2023: a static cache does best
/// with the nodes that are most probably in the neighbourhood of a batch. There a node is reached hop by hop; here a
/// sample is drawn at once from the candidates of both hops, which gives this:
///
///   seed i     has the neighbours N1(i) and W_i = sum of d_j over N1(i) two-step walks; d_i = |N1(i)|
///   sample     K - 1 of |N1(i)| + |N2(i)| candidates, each with probability (K - 1) / (|N1| + |N2|), at most 1
///   walks      N2 holds the distinct ends of the walks. Which ends coincide is A² itself; so each walk counts as one
///              candidate: c_i = min(1, (K - 1) / (d_i + W_i)). Exact where no two walks of a seed meet.
///   entries    the expected entries of node v in the samples of the seeds of rank r in an epoch:
///              weight_r(v) = sum over seeds i of rank r: c_i ([v in N1(i)] + walks from i to v)
///   batch      with S steps in an epoch each seed is in a batch with probability 1 / S, so v is in a batch's samples
///              with probability 1 - prod (1 - p_iv / S) = 1 - exp(-weight_r(v) / S) up to terms of 1 / S^2
///
/// That grows with weight_r(v), so the highest weights are the most probable nodes, whatever S is. Under shared
/// priorities (COORDINATED) seeds of a group take the same nodes together; that lowers the probability of a node that
/// many seeds want, and all of them alike, so the order stands as an approximation. Seeds without neighbours sample the
/// whole graph evenly and do not count.
///
/// weight_r = B_r + A^T B_r with B_r(j) = sum of c_i over the seeds whose neighbour j is: two passes along edges.
/// B_r is known on rank r for its own rows and its halo; the owner of a halo row goes on from there.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "comm/communicator.h"
#include "comm/exchange.h"
#include "graph/local_graph.h"

namespace gigahop::sampler {

class AccessWeights {
 public:
  /// seeds: owned rows of this rank, as often as an epoch visits them. Collective; the graph must outlive this.
  /// Cost: 12 bytes out per halo node.
  AccessWeights(const graph::LocalGraph& graph, const comm::Communicator& comm, std::span<const LocalId> seeds,
                int64_t sample_size);

  /// [owned] weights of this rank's own rows for the seeds of `rank`. Collective, with the same rank everywhere.
  /// Cost: the rows that neighbour that rank's seeds, 4 bytes out per halo node. Memory: 4 bytes per row, halo
  /// included.
  std::vector<float> of_rank(const comm::Communicator& comm, int rank) const;

 private:
  void scatter_row(int64_t row, float weight, std::vector<float>& weights) const;

  const graph::LocalGraph& graph_;
  comm::RowPlan halo_plan_;                // rows wanted = halo, in order
  std::vector<float> one_step_;            // [owned + halo] B of this rank
  std::vector<std::vector<float>> asked_;  // [R] B of rank r for the rows in halo_plan_.send_rows[r]
};

}  // namespace gigahop::sampler
