/// y = Âx over all ranks, for a block of columns: one exchange of halo rows, then one pass over the edges.
#pragma once

#include <cstdint>
#include <vector>

#include "base/progress.h"
#include "comm/communicator.h"
#include "comm/exchange.h"
#include "graph/local_graph.h"
#include "tensor/matrix.h"

namespace gigahop::encode {

class Propagation {
 public:
  /// Collective. The arguments must outlive it. Progress counts rows.
  Propagation(const comm::Communicator& comm, const graph::LocalGraph& graph, Progress& progress);

  /// x, y  [owned, w]; y is overwritten and must not alias x
  /// Collective; w is the same on all ranks.
  /// Order: each row sums itself, then its neighbours in stored order, in double.
  void apply(MatrixView<const float> x, MatrixView<float> y);

 private:
  void fetch_halo(MatrixView<const float> x);
  void multiply_row(int64_t row, MatrixView<const float> x, std::vector<double>& sum, float* out) const;

  const comm::Communicator& comm_;
  const graph::LocalGraph& graph_;
  Progress& progress_;
  comm::RowPlan plan_;
  std::vector<double> scale_;  // [owned + halo] (d + 1)^-1/2
  Matrix<float> halo_;         // [halo, w]
};

/// Bytes of the buffers that an exchange of rows may take on a rank, in all.
inline constexpr int64_t kExchangeBytes = int64_t{128} << 20;

}  // namespace gigahop::encode
