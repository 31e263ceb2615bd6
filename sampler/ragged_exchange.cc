#include "sampler/ragged_exchange.h"

#include <numeric>

namespace gigahop::sampler {

int64_t num_rounds(const RaggedPlan& plan, int64_t budget) {
  int64_t longest = 0;
  for (const auto* lengths : {&plan.send_lengths, &plan.receive_lengths}) {
    for (const std::vector<int64_t>& stream : *lengths) {
      longest = std::max(longest, std::accumulate(stream.begin(), stream.end(), int64_t{0}));
    }
  }
  return (longest + budget - 1) / budget;
}

}  // namespace gigahop::sampler
