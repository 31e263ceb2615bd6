/// Positional encodings by very sparse random projection (see encode/encode.h for the equations and the source).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/random.h"
#include "encode/propagation.h"
#include "graph/local_graph.h"
#include "tensor/matrix.h"

namespace gigahop::encode {

/// N of the density of U_0: nodes of the graph, or of the one that it grew out of, so that a node's row of U_0 stays
/// what the model was trained with. Pure.
int64_t projected_nodes(const proto::Partition& partition);

/// Entry of U_0: +1, -1 or 0. Pure.
float projection_entry(RandomKey key, OriginalId node, int64_t column, int64_t num_nodes);

class FastRp {
 public:
  /// weights [powers]; the graph must outlive it.
  FastRp(const graph::LocalGraph& graph, RandomKey key, std::vector<double> weights, int64_t width,
         int64_t block_width);

  /// Calls write(first_column, values [owned, w]) for each block of columns, in order.
  /// Collective. block_width is the same on all ranks and does not change the values.
  void run(Propagation& propagation, const std::function<void(int64_t, MatrixView<const float>)>& write);

 private:
  using Visit = std::function<void(size_t power, MatrixView<const float> u)>;
  void visit_powers(Propagation& propagation, int64_t first_column, int64_t num_columns, const Visit& visit);
  void add_squares(size_t power, MatrixView<const float> u);
  void add_weighted(size_t power, MatrixView<const float> u, MatrixView<float> sum) const;

  const graph::LocalGraph& graph_;
  RandomKey key_;
  std::vector<double> weights_;
  int64_t width_;
  int64_t block_width_;
  std::vector<double> squares_;  // [powers, owned]: squared norms of the rows of U_k, summed in column order
  Matrix<float> u_, next_;       // [owned, w]
};

}  // namespace gigahop::encode
