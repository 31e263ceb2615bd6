/// The oracle: samples by brute force on a dense matrix. All candidates from A and A², sorted whole, the first K-1
/// taken.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sampler/loader.h"
#include "support/tiny_graphs.h"

namespace gigahop::sampler {

class SerialSampler {
 public:
  explicit SerialSampler(const tests::EdgeList& edges);

  /// Members of N1, and of N2, of a seed.
  std::vector<int64_t> one_step(int64_t seed) const;
  std::vector<int64_t> two_steps(int64_t seed) const;

  /// How often each node stands in the sequence of a seed, the leading place included; by original id.
  std::map<int64_t, int> counts(int64_t seed, int64_t salt, const LoaderOptions& options) const;

 private:
  int64_t num_nodes_;
  std::vector<std::vector<bool>> adjacent_;  // [N, N]
};

}  // namespace gigahop::sampler
