/// What lies between the ranks: the difference of their clocks, and how fast they sum.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "comm/communicator.h"

namespace gigahop::launch::doctor {

/// [R] seconds by which each rank's clock is ahead of rank 0's, to about as much as ranks leave a barrier apart.
/// Collective.
std::vector<double> measure_clocks(const comm::Communicator& comm);

/// {bytes, rounds, bytes_per_second, wire_bytes_per_second, latency_seconds}: sums of 16 MiB over all ranks for about
/// `seconds`, and of one number.
///
/// bytes_per_second       of the summed vector
/// wire_bytes_per_second  2 (R - 1) / R times that: what each rank sends at least
///
/// Collective. Null for one rank.
nlohmann::json measure_all_reduce(const comm::Communicator& comm, double seconds);

}  // namespace gigahop::launch::doctor
