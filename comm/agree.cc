#include "comm/agree.h"

#include <array>
#include <exception>
#include <new>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "comm/collectives.h"

namespace gigahop::comm {
namespace {

/// How a phase ended: nothing, or its Error. Whatever else a library throws becomes one too, so that no rank is left
/// waiting.
std::optional<Error> outcome_of(const std::function<void()>& phase) {
  try {
    phase();
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error(ErrorKind::kInternal, "out of memory");
  } catch (const std::exception& error) {
    return Error(ErrorKind::kInternal, error.what());
  }
}

}  // namespace

void agree(const Communicator& comm, const std::function<void()>& phase) {
  const std::optional<Error> mine = outcome_of(phase);
  int64_t lowest = mine.has_value() ? comm.rank() : comm.size();
  all_reduce_min(comm, std::span(&lowest, 1));
  if (lowest == comm.size()) return;

  const int source = static_cast<int>(lowest);
  const bool is_source = source == comm.rank();
  auto kind = static_cast<int32_t>(is_source ? mine->kind : ErrorKind::kInternal);
  broadcast(comm, std::span(&kind, 1), source);
  const std::string message = broadcast_text(comm, is_source ? mine->what() : "", source);
  if (is_source) throw *mine;
  throw Error(static_cast<ErrorKind>(kind), fmt::format("rank {}: {}", source, message));
}

void require_same_on_all_ranks(const Communicator& comm, uint64_t value, const char* what) {
  std::array<uint64_t, 2> lowest_and_highest = {value, ~value};
  all_reduce_min(comm, std::span<uint64_t>(lowest_and_highest));
  require(lowest_and_highest[0] == ~lowest_and_highest[1], fmt::format("{} is the same on all ranks", what));
}

}  // namespace gigahop::comm
