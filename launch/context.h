/// What a command works with once the options are read and MPI runs.
#pragma once

#include "comm/communicator.h"
#include "proto/config.pb.h"

namespace gigahop::launch {

struct Context {
  const comm::Communicator& comm;
  proto::Config config;
  bool dry_run = false;

  /// config.threads, or the cores this rank may use: those it is bound to, else its share of the host's.
  int num_threads() const;
};

}  // namespace gigahop::launch
