#include "comm/traffic.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"
#include "comm/communicator_state.h"
#include "comm/exchange.h"

namespace gigahop::comm {
namespace {

constexpr size_t kNameBytes = 24;

/// What travels to rank 0. A line of pairs has no phase.
struct Record {
  std::array<char, kNameBytes> phase = {};
  int64_t receiver = -1;
  Sent messages;
  Sent collectives;
};
static_assert(sizeof(Record) == 64);

}  // namespace

int Ledger::number_of(std::string_view phase) {
  const std::lock_guard lock(mutex_);
  const auto known = std::ranges::find(traffic_, phase, &PhaseTraffic::phase);
  if (known == traffic_.end()) {
    traffic_.push_back({.phase = std::string(phase), .to_rank = std::vector<Sent>(num_ranks_), .collectives = {}});
    return static_cast<int>(traffic_.size()) - 1;
  }
  return static_cast<int>(known - traffic_.begin());
}

void Ledger::count_messages(int phase, int receiver, Sent sent) {
  const std::lock_guard lock(mutex_);
  traffic_[phase].to_rank[receiver] += sent;
}

void Ledger::count_collective(int phase, int64_t bytes) {
  if (num_ranks_ == 1) return;
  const std::lock_guard lock(mutex_);
  traffic_[phase].collectives += {.messages = 1, .bytes = bytes};
}

Traffic Ledger::traffic() const {
  const std::lock_guard lock(mutex_);
  return traffic_;
}

std::string Ledger::name_of(int phase) const {
  const std::lock_guard lock(mutex_);
  return traffic_[phase].phase;
}

Sent PhaseTraffic::to_all_ranks() const {
  Sent sum;
  for (const Sent& sent : to_rank) sum += sent;
  return sum;
}

Phase::Phase(const Communicator& comm, std::string_view name) : state_(comm.state()), before_(state_.phase) {
  require(!name.empty() && name.size() < kNameBytes, "the name of a phase is short");
  if (before_ == kNoPhase) state_.phase = state_.ledger->number_of(name);
  state_.wait_book->enter(state_.phase);
}

Phase::~Phase() {
  state_.phase = before_;
  state_.wait_book->enter(before_);
}

Traffic traffic_of(const Communicator& comm) {
  return comm.state().ledger->traffic();
}

Traffic traffic_between(const Traffic& before, Traffic after) {
  for (size_t phase = 0; phase < before.size(); ++phase) {
    after[phase].collectives -= before[phase].collectives;
    for (size_t rank = 0; rank < before[phase].to_rank.size(); ++rank) {
      after[phase].to_rank[rank] -= before[phase].to_rank[rank];
    }
  }
  return after;
}

GatheredTraffic gather_traffic(const Communicator& comm, const Traffic& mine) {
  std::vector<std::vector<Record>> messages(static_cast<size_t>(comm.size()));
  std::vector<Record>& to_first = messages[0];
  std::vector<Sent> to_rank(static_cast<size_t>(comm.size()));
  for (const PhaseTraffic& phase : mine) {
    Record record{.messages = phase.to_all_ranks(), .collectives = phase.collectives};
    std::ranges::copy(phase.phase, record.phase.begin());
    if (record.messages != Sent{} || record.collectives != Sent{}) to_first.push_back(record);
    for (size_t rank = 0; rank < to_rank.size(); ++rank) to_rank[rank] += phase.to_rank[rank];
  }
  for (size_t rank = 0; rank < to_rank.size(); ++rank) {
    if (to_rank[rank] != Sent{}) {
      to_first.push_back(
          {.phase = {}, .receiver = static_cast<int64_t>(rank), .messages = to_rank[rank], .collectives = {}});
    }
  }
  const ReceivedValues<Record> received = all_to_all(comm, messages);

  GatheredTraffic gathered;
  std::map<std::string, GatheredTraffic::Line> phases;
  for (int sender = 0; sender < comm.size(); ++sender) {
    for (const Record& record : received.from(sender)) {
      if (record.receiver >= 0) {
        gathered.pairs.push_back({sender, static_cast<int>(record.receiver), record.messages});
        continue;
      }
      GatheredTraffic::Line& line = phases[record.phase.data()];
      line.messages += record.messages;
      line.collectives += record.collectives;
    }
  }
  for (auto& [name, line] : phases) {
    line.phase = name;
    gathered.phases.push_back(std::move(line));
  }
  return gathered;
}

}  // namespace gigahop::comm
