/// Why the model says what it says of one seed: what it attends to, computed plainly and in double.
///
/// The evaluation forward of src/model/README.md for a single seed, one row at a time, keeping the weights that the
/// operations sum away. Slow and obvious: tests hold its logits to LargeGt's and to those recorded from PyTorch.
///
/// Letters: L entries of the seed's sample list, T = 3 L tokens (token 3 l + h is hop h of entry l), M codewords,
/// C classes. A repeated node is one entry; weights count its repeats together.
#pragma once

#include <cstdint>
#include <vector>

#include "model/large_gt.h"

namespace gigahop::model {

struct Explanation {
  /// [T] share in the sum that the read-out adds to the seed's own token; sums to 1. Empty without local attention.
  std::vector<double> readout;
  /// [T, T] from row to column, mean over the heads; rows sum to 1. Empty without local attention.
  std::vector<double> attention;
  /// [M] mean over the heads; sums to 1. Empty without global attention.
  std::vector<double> codewords;
  std::vector<double> logits;         // [C]
  std::vector<double> probabilities;  // [C]
};

/// Of seed `seed` of the batch. Error{kInternal} for an index that is none. Not collective.
/// Cost: O(T (T + W) W) multiply-adds, W = A H, and O(M W G).
Explanation explain(LargeGt<Cpu>& model, const ModelInput<Cpu>& input, int64_t seed);

}  // namespace gigahop::model
