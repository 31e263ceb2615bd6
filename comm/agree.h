/// Agreement after a phase that can fail on some ranks: all learn of it, none waits for a rank that gave up.
#pragma once

#include <functional>

#include "comm/communicator.h"

namespace gigahop::comm {

/// Runs `phase` (which must not communicate over `comm`), then tells all ranks how it ended. If it threw an Error
/// anywhere, every rank throws the Error of the lowest failing rank: same kind, message prefixed "rank r: " elsewhere.
/// Collective. Cost: one all-reduce of 8 bytes; on failure one broadcast.
void agree(const Communicator& comm, const std::function<void()>& phase);

/// Error{kInternal} on every rank unless all pass the same value: settings, plans, fingerprints.
void require_same_on_all_ranks(const Communicator& comm, uint64_t value, const char* what);

}  // namespace gigahop::comm
