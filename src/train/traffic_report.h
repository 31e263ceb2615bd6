/// What ranks sent each other, as lines of metrics.jsonl and as a table for people.
#pragma once

#include <string>

#include "comm/communicator.h"
#include "comm/traffic.h"
#include "proto/metrics.pb.h"

namespace gigahop::train {

/// Beyond these the pairs of an epoch, some 65 bytes each, would be most of metrics.jsonl.
inline constexpr int kMaxRanksOfPairs = 32;

/// Phases as lines, then the pair of ranks that sent most. Pure.
std::string describe(const comm::GatheredTraffic& traffic);

class TrafficReport {
 public:
  /// Counts from now on. Each function that follows is collective, and fills the metrics on rank 0.
  explicit TrafficReport(const comm::Communicator& comm);

  /// What was sent since the last call, by phase; among up to kMaxRanksOfPairs ranks by pair too.
  void add_recent(proto::Metrics& metrics);
  /// What was sent in all, by phase and by pair; the table goes to the log.
  void add_all(proto::Metrics& metrics);

 private:
  const comm::Communicator& comm_;
  comm::Traffic first_;
  comm::Traffic last_;
};

}  // namespace gigahop::train
