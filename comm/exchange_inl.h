/// Bodies of the templates of comm/exchange.h.
#pragma once

#include <algorithm>
#include <type_traits>

namespace gigahop::comm {

template <class T>
ReceivedValues<T> all_to_all(const Communicator& comm, const std::vector<std::vector<T>>& messages,
                             int64_t max_message_bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<std::span<const std::byte>> bytes;
  bytes.reserve(messages.size());
  for (const std::vector<T>& message : messages) bytes.push_back(std::as_bytes(std::span(message)));
  const Received received = all_to_all_bytes(comm, bytes, max_message_bytes);

  ReceivedValues<T> result;
  result.values.resize(received.bytes.size() / sizeof(T));
  std::copy(received.bytes.begin(), received.bytes.end(), reinterpret_cast<std::byte*>(result.values.data()));
  for (const int64_t offset : received.offsets) {
    result.offsets.push_back(offset / static_cast<int64_t>(sizeof(T)));
  }
  return result;
}

}  // namespace gigahop::comm
