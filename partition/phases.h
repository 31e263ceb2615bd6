/// What each phase of partitioning took: seconds, and the peak of memory while it ran, counted anew for each.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/trace.h"
#include "comm/communicator.h"
#include "proto/partition.pb.h"

namespace gigahop::partition {

/// Times one phase after the other; all ranks make and use it alike. phase: of static storage.
class PhaseClock {
 public:
  PhaseClock(const comm::Communicator& comm, const char* phase);

  /// Ends the phase under way: logs the line, adds it to what `record` copies. Collective.
  void finish();
  /// The same, and begins the next. Collective.
  void finish_and_begin(const char* phase);
  void record(proto::Partition& partition) const { *partition.mutable_phases() = phases_; }

 private:
  void begin(const char* phase);

  const comm::Communicator& comm_;
  const char* phase_ = nullptr;
  std::optional<trace::Span> span_;
  std::chrono::steady_clock::time_point start_;
  google::protobuf::RepeatedPtrField<proto::PhaseCost> phases_;
};

}  // namespace gigahop::partition
