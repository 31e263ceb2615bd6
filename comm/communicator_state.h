/// What a communicator is to the rest of comm/: the MPI handle, the check of every MPI call, and the one place that
/// waits.
///
/// Private to comm/: the only header that shows MPI.
#pragma once

#include <mpi.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
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
  std::string name_of(int phase) const;

 private:
  size_t num_ranks_;
  mutable std::mutex mutex_;
  Traffic traffic_;
};

/// Who of one process waits for other ranks, the phase its main thread is in and the step it is at: what its watchdog
/// looks at. Shared by a communicator and its duplicates, whose threads all write it.
class WaitBook {
 public:
  struct Wait {
    std::chrono::steady_clock::time_point since;
    int32_t thread = 0;
    int phase = kNoPhase;
  };

  void begin(const Communicator::State& waiter);
  void end(const Communicator::State& waiter);
  /// The phase that the calling thread is in now; that of the main thread counts.
  void enter(int phase);

  void note_step(int64_t step) { step_ = step; }

  std::vector<Wait> waits() const;
  int main_phase() const { return main_phase_; }
  int64_t step() const { return step_; }  // negative: none was noted

 private:
  mutable std::mutex mutex_;
  std::map<const Communicator::State*, Wait> waits_;
  std::atomic<int> main_phase_ = kNoPhase;
  std::atomic<int64_t> step_ = -1;
};

/// What carries a communicator's collectives on the memory of GPUs: comm/cuda/nccl_channel.h.
class NcclChannel;

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
  std::shared_ptr<WaitBook> wait_book;
  int phase = kNoPhase;
  std::shared_ptr<NcclChannel> nccl;  // made when it is first used
};

/// Of every rank. Collective.
std::vector<std::string> hosts_of(const Communicator& comm);

/// Error{kComm} naming the call and MPI's reason unless `code` is MPI_SUCCESS.
void mpi_check(int code, const char* call, std::source_location where = std::source_location::current());

/// Returns once is_done() says so. Every wait of gigahop ends here: it polls, first spinning, then yielding, then
/// sleeping for up to 50 us, so that ranks and threads on shared cores let each other work.
void wait_until(Communicator::State& state, const std::function<bool()>& is_done);
/// Returns when all requests are complete.
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
