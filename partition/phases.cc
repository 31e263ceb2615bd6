#include "partition/phases.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "comm/collectives.h"

namespace gigahop::partition {

PhaseClock::PhaseClock(const comm::Communicator& comm, const char* phase) : comm_(comm) {
  begin(phase);
}

void PhaseClock::begin(const char* phase) {
  phase_ = phase;
  span_.emplace(phase);
  start_ = std::chrono::steady_clock::now();
  reset_peak_memory();
}

void PhaseClock::finish_and_begin(const char* phase) {
  finish();
  begin(phase);
}

void PhaseClock::finish() {
  const int64_t peak = peak_memory();
  proto::PhaseCost& cost = *phases_.Add();
  cost.set_phase(phase_);
  cost.set_peak_bytes(comm::max_over_ranks(comm_, peak));
  cost.set_peak_bytes_of_all_ranks(comm::sum_over_ranks(comm_, peak));
  cost.set_seconds(std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
  log_info("{}: {:.1f} s, peak of memory {} on the heaviest rank, {} on all", phase_, cost.seconds(),
           human_bytes(static_cast<double>(cost.peak_bytes())),
           human_bytes(static_cast<double>(cost.peak_bytes_of_all_ranks())));
  release_freed_memory();
  span_.reset();
}

}  // namespace gigahop::partition
