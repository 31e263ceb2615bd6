/// Collectives over all ranks of a communicator, on host memory.
///
/// Collective: every rank calls the same functions in the same order with the same extents.
/// Order: for a given number of ranks and length the sum is formed in one order, so results repeat bit for bit.
/// Counts are 64-bit; what exceeds MPI's int counts is sent in chunks.
///
///   operation          steps        bytes per rank
///   barrier            log R        0
///   broadcast          log R        n
///   all_reduce_*       2 log R      2 n
///   all_gather         R            n (R - 1)
///   all_gather_varied  R            sum of the others' lengths
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "comm/communicator.h"

namespace gigahop::comm {

void barrier(const Communicator& comm);

void broadcast_bytes(const Communicator& comm, std::span<std::byte> bytes, int root);
template <class T>
void broadcast(const Communicator& comm, std::span<T> values, int root) {
  broadcast_bytes(comm, std::as_writable_bytes(values), root);
}
/// Of any length, known to the root alone.
std::string broadcast_text(const Communicator& comm, const std::string& text, int root);

/// In place. T: float, double, int32_t, int64_t, uint64_t.
template <class T>
void all_reduce_sum(const Communicator& comm, std::span<T> values);
template <class T>
void all_reduce_max(const Communicator& comm, std::span<T> values);
template <class T>
void all_reduce_min(const Communicator& comm, std::span<T> values);

template <class T>
T sum_over_ranks(const Communicator& comm, T value) {
  all_reduce_sum(comm, std::span<T>(&value, 1));
  return value;
}
template <class T>
T max_over_ranks(const Communicator& comm, T value) {
  all_reduce_max(comm, std::span<T>(&value, 1));
  return value;
}

/// The sum of the values of lower ranks; T{0} on rank 0.
int64_t exclusive_sum(const Communicator& comm, int64_t value);

/// Concatenated by rank: [R * mine.size()].
std::vector<std::byte> all_gather_bytes(const Communicator& comm, std::span<const std::byte> mine);
/// Each rank's own length; offsets [R + 1] into bytes.
struct Gathered {
  std::vector<std::byte> bytes;
  std::vector<int64_t> offsets;
};
Gathered all_gather_varied_bytes(const Communicator& comm, std::span<const std::byte> mine);

template <class T>
std::vector<T> all_gather_varied(const Communicator& comm, std::span<const T> mine) {
  const Gathered gathered = all_gather_varied_bytes(comm, std::as_bytes(mine));
  std::vector<T> values(gathered.bytes.size() / sizeof(T));
  std::copy(gathered.bytes.begin(), gathered.bytes.end(), reinterpret_cast<std::byte*>(values.data()));
  return values;
}

}  // namespace gigahop::comm
