#include "train/rank_figures.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/memory.h"
#include "comm/collectives.h"

namespace gigahop::train {
namespace {

/// As it travels.
struct Figures {
  double seconds = 0;
  double data_wait = 0;
  StepSeconds step;
  int64_t own_memory = 0;
  int64_t peak_memory = 0;
};

}  // namespace

void add_rank_figures(const comm::Communicator& comm, const EpochTimer::Shares& shares, proto::Metrics& metrics) {
  const Figures mine{.seconds = shares.own_seconds,
                     .data_wait = shares.own_data_wait_seconds,
                     .step = shares.own_step,
                     .own_memory = own_memory(),
                     .peak_memory = peak_memory()};
  int64_t peak = 0;
  for (const Figures& figures : comm::all_gather_varied(comm, std::span(&mine, 1))) {
    proto::RankFigures& rank = *metrics.add_ranks();
    rank.set_data_wait_seconds(figures.data_wait);
    rank.set_forward_seconds(figures.step.forward);
    rank.set_backward_seconds(figures.step.backward);
    rank.set_synchronise_seconds(figures.step.synchronise);
    rank.set_update_seconds(figures.step.update);
    rank.set_seconds(figures.seconds);
    rank.set_own_memory_bytes(figures.own_memory);
    rank.set_peak_memory_bytes(figures.peak_memory);
    peak = std::max(peak, figures.peak_memory);
  }
  metrics.set_peak_memory_bytes(peak);
}

}  // namespace gigahop::train
