/// Bodies of the templates of comm/exchange.h.
#pragma once

#include <type_traits>

namespace gigahop::comm {

template <class T>
ReceivedValues<T> all_to_all(const Communicator& comm, const std::vector<std::vector<T>>& messages,
                             int64_t max_message_bytes) {
  std::vector<std::span<const T>> spans(messages.begin(), messages.end());
  ReceivedValues<T> received;
  all_to_all_into<T>(comm, spans, received, max_message_bytes);
  return received;
}

template <class T>
void all_to_all_into(const Communicator& comm, std::span<const std::span<const T>> messages,
                     ReceivedValues<T>& received, int64_t max_message_bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<std::span<const std::byte>> bytes;
  bytes.reserve(messages.size());
  for (const std::span<const T> message : messages) bytes.push_back(std::as_bytes(message));
  received.offsets = exchange_lengths(comm, bytes);
  received.values.resize(static_cast<size_t>(received.offsets.back()) / sizeof(T));
  exchange_bytes(comm, bytes, received.offsets, std::as_writable_bytes(std::span(received.values)), max_message_bytes);
  for (int64_t& offset : received.offsets) offset /= static_cast<int64_t>(sizeof(T));
}

}  // namespace gigahop::comm
