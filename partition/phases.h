/// What each phase of partitioning took: seconds, and the peak of memory while it ran, counted anew for each.
#pragma once

#include <chrono>
#include <cstdint>

#include "comm/communicator.h"
#include "proto/partition.pb.h"

namespace gigahop::partition {

/// Times one phase after the other; all ranks make and use it alike.
class PhaseClock {
 public:
  explicit PhaseClock(const comm::Communicator& comm);

  /// Ends the phase under way and begins the next: logs the line, adds it to what `record` copies. Collective.
  void finish(const char* phase);
  void record(proto::Partition& partition) const { *partition.mutable_phases() = phases_; }

 private:
  const comm::Communicator& comm_;
  std::chrono::steady_clock::time_point start_;
  google::protobuf::RepeatedPtrField<proto::PhaseCost> phases_;
};

}  // namespace gigahop::partition
