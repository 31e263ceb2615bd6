/// What ranks send each other, counted where it is handed to MPI: messages and bytes, by phase and by peer.
///
///   Phase    names what the calls that follow are for: "gradients", "sampling"
///   Traffic  what this process has sent since it started, over a communicator and all its duplicates
///
/// Messages from rank to rank are counted exactly, by receiver. How MPI moves a collective (all-reduce, broadcast, the
/// lengths before an exchange) is its own affair: what is counted are the calls and the bytes that this rank handed in,
/// once each. A job of one rank sends nothing. Cost: a lock and two additions per call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "comm/communicator.h"

namespace gigahop::comm {

/// Bytes to one receiver, or of collectives.
struct Sent {
  int64_t messages = 0;
  int64_t bytes = 0;

  Sent& operator+=(const Sent& other) {
    messages += other.messages;
    bytes += other.bytes;
    return *this;
  }
  Sent& operator-=(const Sent& other) {
    messages -= other.messages;
    bytes -= other.bytes;
    return *this;
  }
  bool operator==(const Sent&) const = default;
};

struct PhaseTraffic {
  std::string phase;
  std::vector<Sent> to_rank;  // [R]
  Sent collectives;

  Sent to_all_ranks() const;
};

/// By phase, in the order in which they were first named; the first is "other", for what no phase was named for.
using Traffic = std::vector<PhaseTraffic>;

/// Names what this communicator's calls are for until the end of the block. A phase within a phase counts for the outer
/// one. For the thread that uses the communicator.
class Phase {
 public:
  /// name: at most 23 characters.
  Phase(const Communicator& comm, std::string_view name);
  ~Phase();
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

 private:
  Communicator::State& state_;
  int before_;
};

/// So far. Not collective; any thread.
Traffic traffic_of(const Communicator& comm);

/// What was sent between two looks. Pure.
Traffic traffic_between(const Traffic& before, Traffic after);

/// Of all ranks: by phase the sums over ranks, and what each rank sent to each other in all phases.
struct GatheredTraffic {
  struct Line {
    std::string phase;
    Sent messages;     // from rank to rank
    Sent collectives;  // one per rank and call
  };
  struct Pair {
    int sender = 0;
    int receiver = 0;
    Sent sent;
  };
  std::vector<Line> phases;  // that sent something, by name
  std::vector<Pair> pairs;   // that sent something
};
/// On rank 0; empty elsewhere. Collective. Cost: 64 bytes per phase and per peer to rank 0.
GatheredTraffic gather_traffic(const Communicator& comm, const Traffic& mine);

}  // namespace gigahop::comm
