/// Messages between any pairs of ranks: a sparse all-to-all with 64-bit counts, and rows fetched by who needs them.
///
/// A plan is pure data; a run moves bytes. Large messages travel in chunks of `max_message_bytes`.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "comm/communicator.h"

namespace gigahop::comm {

inline constexpr int64_t kMaxMessageBytes = 64 << 20;

/// What each rank received, by sender: bytes of rank r at [offsets[r], offsets[r + 1]).
struct Received {
  std::vector<std::byte> bytes;
  std::vector<int64_t> offsets;

  std::span<const std::byte> from(int rank) const {
    return std::span(bytes).subspan(static_cast<size_t>(offsets[rank]),
                                    static_cast<size_t>(offsets[rank + 1] - offsets[rank]));
  }
};

/// The two halves of an all-to-all, for callers that say where the bytes go. First: offsets [R + 1] of what each rank
/// sends here. Second: moves the messages; `into` has offsets.back() bytes. Collective, one after the other.
std::vector<int64_t> exchange_lengths(const Communicator& comm, std::span<const std::span<const std::byte>> messages);
void exchange_bytes(const Communicator& comm, std::span<const std::span<const std::byte>> messages,
                    std::span<const int64_t> offsets, std::span<std::byte> into,
                    int64_t max_message_bytes = kMaxMessageBytes);

/// Sends messages[r] to rank r (the own one is copied) and returns what was sent here.
/// Collective. Cost: one int64 to each rank, then one message per non-empty pair and chunk.
Received all_to_all_bytes(const Communicator& comm, std::span<const std::span<const std::byte>> messages,
                          int64_t max_message_bytes = kMaxMessageBytes);

template <class T>
struct ReceivedValues {
  std::vector<T> values;
  std::vector<int64_t> offsets;  // [R + 1], in elements

  std::span<const T> from(int rank) const {
    return std::span(values).subspan(static_cast<size_t>(offsets[rank]),
                                     static_cast<size_t>(offsets[rank + 1] - offsets[rank]));
  }
};

/// messages [R], trivially copyable T.
template <class T>
ReceivedValues<T> all_to_all(const Communicator& comm, const std::vector<std::vector<T>>& messages,
                             int64_t max_message_bytes = kMaxMessageBytes);

/// The same into a buffer that is used again: memory of an earlier call is kept.
template <class T>
void all_to_all_into(const Communicator& comm, std::span<const std::span<const T>> messages,
                     ReceivedValues<T>& received, int64_t max_message_bytes = kMaxMessageBytes);

/// Which rows go where, when every rank names the remote rows it wants.
/// The rows a rank wants lie at positions 0..num_wanted-1 of its own list; send_rows are rows of the owner.
struct RowPlan {
  std::vector<std::vector<int64_t>> send_rows;       // [R] my rows that rank r wants, in the order it will store them
  std::vector<std::vector<int64_t>> receive_places;  // [R] places in my list that rank r fills, in the same order

  int64_t num_wanted() const;
};

/// owner_ranks[i], owner_rows[i]: where row i of my list lives (own rank allowed). Collective.
RowPlan plan_rows(const Communicator& comm, std::span<const int32_t> owner_ranks, std::span<const int64_t> owner_rows);

/// Moves one row of `row_bytes` per entry of the plan. pack(row, out) writes my row into out; place i of my list is
/// written at out + i * out_stride. Collective; may be run any number of times with the same plan.
void run_rows(const Communicator& comm, const RowPlan& plan, int64_t row_bytes,
              const std::function<void(int64_t row, std::byte* out)>& pack, std::byte* out, int64_t out_stride,
              int64_t max_message_bytes = kMaxMessageBytes);

}  // namespace gigahop::comm

#include "comm/exchange_inl.h"
