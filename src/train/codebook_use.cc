#include "train/codebook_use.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gigahop::train {

void add_codebook_use(std::span<const float> counts, proto::Metrics& metrics) {
  metrics.set_codewords_used(std::ranges::count_if(counts, [](float count) { return count > 0; }));
  const double all = std::accumulate(counts.begin(), counts.end(), 0.0);
  double entropy = 0;
  for (const float count : counts) {
    if (count > 0) entropy -= count / all * std::log(count / all);
  }
  metrics.set_codebook_perplexity(std::exp(entropy));
}

}  // namespace gigahop::train
