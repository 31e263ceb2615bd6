/// What a command works with once the options are read and MPI runs.
#pragma once

#include <cstdint>
#include <string_view>

#include "comm/communicator.h"
#include "proto/config.pb.h"

namespace gigahop::launch {

struct Context {
  const comm::Communicator& comm;
  proto::Config config;
  bool dry_run = false;

  /// config.threads, or the cores this rank may use: those it is bound to, else its share of the host's.
  int num_threads() const;

  /// Error{kConfig} if the ranks of this host together need more than it has. bytes_per_rank: an upper bound.
  void require_memory(std::string_view stage, int64_t bytes_per_rank) const;
};

}  // namespace gigahop::launch
