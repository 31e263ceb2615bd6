/// The ranks of a job. MPI is visible in comm/ alone; everyone else sees these types.
///
/// Every wait, also inside collectives, goes through one place that polls and yields, so that ranks that share a core
/// do not starve each other and a deadline can be kept in one place.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace gigahop::comm {

/// Starts MPI (thread level MULTIPLE: the data pipeline communicates beside the step) and ends it. A start that takes
/// ten minutes, or an end that takes two, ends the process with the exit code of comm.
class Environment {
 public:
  Environment(int* argc, char*** argv);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
};

/// Ends all ranks of the job at once.
[[noreturn]] void abort_all(int exit_code);

/// A group of ranks with a message space of its own. Copying is duplicate(), collectively.
class Communicator {
 public:
  static Communicator world();
  /// This rank alone. Not collective.
  static Communicator self();
  ~Communicator();
  Communicator(Communicator&&) noexcept;
  Communicator& operator=(Communicator&&) noexcept;

  int rank() const;
  int size() const;
  /// The ranks of this job on this host, ascending; their number; the place of this rank among them.
  const std::vector<int>& ranks_of_host() const;
  int ranks_on_host() const;
  int rank_on_host() const;
  const std::string& host() const;

  /// Collective. A communicator over the same ranks whose messages never meet this one's: one per thread that
  /// communicates.
  Communicator duplicate() const;

  /// Seconds this communicator has spent waiting or moving data since it was made; and bytes sent.
  double seconds() const;
  int64_t bytes_sent() const;

  struct State;
  State& state() const { return *state_; }

 private:
  explicit Communicator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gigahop::comm
