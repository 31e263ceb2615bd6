#include "train/traffic_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/progress.h"

namespace gigahop::train {
namespace {

std::string bytes_text(int64_t bytes) {
  return human_bytes(static_cast<double>(bytes));
}

void add_phases(const comm::GatheredTraffic& traffic, proto::Metrics& metrics) {
  for (const comm::GatheredTraffic::Line& line : traffic.phases) {
    proto::PhaseTraffic& phase = *metrics.add_traffic();
    phase.set_phase(line.phase);
    phase.set_messages(line.messages.messages);
    phase.set_bytes(line.messages.bytes);
    phase.set_collectives(line.collectives.messages);
    phase.set_collective_bytes(line.collectives.bytes);
  }
}

void add_pairs(const comm::GatheredTraffic& traffic, proto::Metrics& metrics) {
  for (const comm::GatheredTraffic::Pair& pair : traffic.pairs) {
    proto::PairTraffic& line = *metrics.add_pairs();
    line.set_sender(pair.sender);
    line.set_receiver(pair.receiver);
    line.set_messages(pair.sent.messages);
    line.set_bytes(pair.sent.bytes);
  }
}

}  // namespace

std::string describe(const comm::GatheredTraffic& traffic) {
  std::string text = fmt::format("sent between ranks:\n  {:<14}{:>14}{:>12}{:>16}{:>12}", "phase", "messages", "bytes",
                                 "in collectives", "bytes");
  for (const comm::GatheredTraffic::Line& line : traffic.phases) {
    text += fmt::format("\n  {:<14}{:>14}{:>12}{:>16}{:>12}", line.phase, with_commas(line.messages.messages),
                        bytes_text(line.messages.bytes), with_commas(line.collectives.messages),
                        bytes_text(line.collectives.bytes));
  }
  if (traffic.pairs.empty()) return text;
  const auto most = std::ranges::max_element(traffic.pairs, {}, [](const auto& pair) { return pair.sent.bytes; });
  return text + fmt::format("\n  most from rank {} to rank {}: {} in {} messages", most->sender, most->receiver,
                            bytes_text(most->sent.bytes), with_commas(most->sent.messages));
}

TrafficReport::TrafficReport(const comm::Communicator& comm)
    : comm_(comm), first_(comm::traffic_of(comm)), last_(first_) {}

void TrafficReport::add_recent(proto::Metrics& metrics) {
  const comm::Traffic now = comm::traffic_of(comm_);
  const comm::GatheredTraffic traffic = comm::gather_traffic(comm_, comm::traffic_between(last_, now));
  add_phases(traffic, metrics);
  if (comm_.size() <= kMaxRanksOfPairs) add_pairs(traffic, metrics);
  last_ = now;
}

void TrafficReport::add_all(proto::Metrics& metrics) {
  const comm::Traffic sent = comm::traffic_between(first_, comm::traffic_of(comm_));
  const comm::GatheredTraffic traffic = comm::gather_traffic(comm_, sent);
  add_phases(traffic, metrics);
  add_pairs(traffic, metrics);
  if (!traffic.phases.empty()) log_info("{}", describe(traffic));
}

}  // namespace gigahop::train
