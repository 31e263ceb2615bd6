#include "partition/phases.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "comm/collectives.h"

namespace gigahop::partition {

PhaseClock::PhaseClock(const comm::Communicator& comm) : comm_(comm), start_(std::chrono::steady_clock::now()) {
  reset_peak_memory();
}

void PhaseClock::finish(const char* phase) {
  const int64_t peak = peak_memory();
  proto::PhaseCost& cost = *phases_.Add();
  cost.set_phase(phase);
  cost.set_peak_bytes(comm::max_over_ranks(comm_, peak));
  cost.set_peak_bytes_of_all_ranks(comm::sum_over_ranks(comm_, peak));
  const auto now = std::chrono::steady_clock::now();
  cost.set_seconds(std::chrono::duration<double>(now - start_).count());
  log_info("{}: {:.1f} s, peak of memory {} on the heaviest rank, {} on all", phase, cost.seconds(),
           human_bytes(static_cast<double>(cost.peak_bytes())),
           human_bytes(static_cast<double>(cost.peak_bytes_of_all_ranks())));
  start_ = now;
  release_freed_memory();
  reset_peak_memory();
}

}  // namespace gigahop::partition
