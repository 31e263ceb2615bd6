/// What a command works with once the options are read and MPI runs.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/stop_signal.h"
#include "comm/communicator.h"
#include "proto/config.pb.h"

namespace gigahop::launch {

/// What sysexits.h calls EX_TEMPFAIL: the same command, resumed, goes on.
inline constexpr int kExitTryAgain = 75;

struct Context {
  const comm::Communicator& comm;
  StopSignals& stop_signals;
  proto::Config config;
  bool dry_run = false;
  /// Of the process, if no Error comes: not 0 where the command did not get to its end but may another time.
  int exit_code = 0;

  /// Whether a signal was noted on any rank. Collective.
  bool is_told_to_stop() const;

  /// For work that can be broken off in order: from its first question on, and as long as the work lasts, a signal is
  /// noted for it to heed.
  template <class Work>
  auto let_stop(const Work& work) {
    const auto result = work([this] {
      stop_signals.react_by(StopSignals::Reaction::kNote);
      return stop_signals.is_stop_wanted();
    });
    stop_signals.react_by(StopSignals::Reaction::kEnd);
    return result;
  }

  /// What each step of this rank computes with; use_processors() sets it.
  int num_threads = 1;

  /// Collective. Takes config.threads, or as many as the processors that are this rank's (base/processors.h), and binds
  /// a rank that the launcher left free over several NUMA nodes, unless config.binding says otherwise.
  void use_processors();

  /// Of this host, in equal shares for its ranks.
  int64_t available_memory_bytes() const;

  /// Error{kConfig} on all ranks if those of any host together need more than it has. Collective.
  void require_memory(std::string_view stage, int64_t bytes_per_rank, std::string_view hint = kMemoryHint) const;

  static constexpr std::string_view kMemoryHint =
      "use more hosts or fewer ranks on each, or smaller settings; --dry-run shows what needs how much";
};

}  // namespace gigahop::launch
