/// What a communicator is to the rest of comm/: the MPI handle, the check of every MPI call, and the one place that
/// waits.
///
/// Private to comm/: the only header that shows MPI.
#pragma once

#include <mpi.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "comm/communicator.h"
#include "comm/traffic.h"

namespace gigahop::comm {

/// Phase 0 of every ledger, "other".
inline constexpr int kNoPhase = 0;

/// What one process sent; shared by a communicator and its duplicates, whose threads all write it.
class Ledger {
 public:
  explicit Ledger(int num_ranks) : num_ranks_(static_cast<size_t>(num_ranks)) { number_of("other"); }

  int number_of(std::string_view phase);
  void count_messages(int phase, int receiver, Sent sent);
  void count_collective(int phase, int64_t bytes);
  Traffic traffic() const;

 private:
  size_t num_ranks_;
  mutable std::mutex mutex_;
  Traffic traffic_;
};

struct Communicator::State {
  /// bytes: what this rank hands in.
  void count_collective(int64_t bytes) { ledger->count_collective(phase, bytes); }

  MPI_Comm handle = MPI_COMM_NULL;
  int rank = 0;
  int size = 1;
  std::vector<int> ranks_of_host = {0};  // ascending
  std::string host;
  std::atomic<double> seconds = 0;
  std::atomic<int64_t> bytes_sent = 0;
  std::shared_ptr<Ledger> ledger;
  int phase = kNoPhase;
};

/// Error{kComm} naming the call and MPI's reason unless `code` is MPI_SUCCESS.
void mpi_check(int code, const char* call, std::source_location where = std::source_location::current());

/// Returns when all requests are complete. Every wait of gigahop ends here: it polls, first spinning, then yielding,
/// then sleeping for up to 50 us, so that ranks and threads on shared cores let each other work.
void wait(Communicator::State& state, std::span<MPI_Request> requests);
void wait(Communicator::State& state, MPI_Request request);

/// What goes to and comes from one other rank. Either may be empty.
struct Transfer {
  int rank = 0;
  std::span<const std::byte> send;
  std::span<std::byte> receive;
};

/// Moves all transfers at once, in chunks of at most max_message_bytes, and waits for them. Both sides of a pair must
/// agree on the bytes and on the chunk. None may name this rank.
void run_transfers(Communicator::State& state, std::span<const Transfer> transfers, int64_t max_message_bytes);

}  // namespace gigahop::comm
