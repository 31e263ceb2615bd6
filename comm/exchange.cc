#include "comm/exchange.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "comm/communicator_state.h"

namespace gigahop::comm {
namespace {

constexpr int kTransferTag = 1;

/// Calls post(data, count) for consecutive chunks of `bytes`.
template <class Byte, class Post>
void for_each_message(std::span<Byte> bytes, int64_t max_message_bytes, const Post& post) {
  while (!bytes.empty()) {
    const size_t count = std::min(bytes.size(), static_cast<size_t>(max_message_bytes));
    post(bytes.data(), static_cast<int>(count));
    bytes = bytes.subspan(count);
  }
}

/// The rows of one list that travel in message `round`, when a message takes `per_message` rows.
std::span<const int64_t> rows_of_round(const std::vector<int64_t>& rows, int64_t round, int64_t per_message) {
  const auto size = static_cast<int64_t>(rows.size());
  const int64_t first = std::min(size, round * per_message);
  const int64_t count = std::min(size - first, per_message);
  return std::span(rows).subspan(static_cast<size_t>(first), static_cast<size_t>(count));
}

int64_t num_rounds(const RowPlan& plan, int my_rank, int64_t per_message) {
  size_t longest = 0;
  for (size_t rank = 0; rank < plan.send_rows.size(); ++rank) {
    if (static_cast<int>(rank) == my_rank) continue;
    longest = std::max({longest, plan.send_rows[rank].size(), plan.receive_places[rank].size()});
  }
  return (static_cast<int64_t>(longest) + per_message - 1) / per_message;
}

}  // namespace

void run_transfers(Communicator::State& state, std::span<const Transfer> transfers, int64_t max_message_bytes) {
  require(max_message_bytes > 0 && max_message_bytes <= INT32_MAX, "a message has 1 to 2^31-1 bytes");
  std::vector<MPI_Request> requests;
  for (const Transfer& transfer : transfers) {
    for_each_message(transfer.receive, max_message_bytes, [&](std::byte* data, int count) {
      mpi_check(MPI_Irecv(data, count, MPI_BYTE, transfer.rank, kTransferTag, state.handle, &requests.emplace_back()),
                "MPI_Irecv");
    });
  }
  for (const Transfer& transfer : transfers) {
    Sent sent;
    for_each_message(transfer.send, max_message_bytes, [&](const std::byte* data, int count) {
      sent += {.messages = 1, .bytes = count};
      mpi_check(MPI_Isend(data, count, MPI_BYTE, transfer.rank, kTransferTag, state.handle, &requests.emplace_back()),
                "MPI_Isend");
    });
    state.bytes_sent += sent.bytes;
    state.ledger->count_messages(state.phase, transfer.rank, sent);
  }
  wait(state, requests);
}

std::vector<int64_t> exchange_lengths(const Communicator& comm, std::span<const std::span<const std::byte>> messages) {
  require(static_cast<int>(messages.size()) == comm.size(), "all_to_all has one message for each rank");
  std::vector<int64_t> lengths;
  for (const auto& message : messages) lengths.push_back(static_cast<int64_t>(message.size()));
  std::vector<int64_t> offsets(messages.size() + 1);
  MPI_Request request = MPI_REQUEST_NULL;
  mpi_check(
      MPI_Ialltoall(lengths.data(), 1, MPI_INT64_T, offsets.data() + 1, 1, MPI_INT64_T, comm.state().handle, &request),
      "MPI_Ialltoall");
  wait(comm.state(), request);
  comm.state().count_collective(static_cast<int64_t>(lengths.size() * sizeof(int64_t)));
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  return offsets;
}

void exchange_bytes(const Communicator& comm, std::span<const std::span<const std::byte>> messages,
                    std::span<const int64_t> offsets, std::span<std::byte> into, int64_t max_message_bytes) {
  require(static_cast<int64_t>(into.size()) == offsets.back(), "what is received fits where it goes");
  const auto from = [&](int rank) {
    const int64_t first = offsets[static_cast<size_t>(rank)];
    return into.subspan(static_cast<size_t>(first),
                        static_cast<size_t>(offsets[static_cast<size_t>(rank) + 1] - first));
  };
  std::vector<Transfer> transfers;
  for (int step = 1; step < comm.size(); ++step) {
    const int peer = (comm.rank() + step) % comm.size();
    transfers.push_back({.rank = peer, .send = messages[peer], .receive = from(peer)});
  }
  std::copy(messages[comm.rank()].begin(), messages[comm.rank()].end(), from(comm.rank()).begin());
  run_transfers(comm.state(), transfers, max_message_bytes);
}

Received all_to_all_bytes(const Communicator& comm, std::span<const std::span<const std::byte>> messages,
                          int64_t max_message_bytes) {
  Received received;
  received.offsets = exchange_lengths(comm, messages);
  received.bytes.resize(static_cast<size_t>(received.offsets.back()));
  exchange_bytes(comm, messages, received.offsets, received.bytes, max_message_bytes);
  return received;
}

int64_t RowPlan::num_wanted() const {
  size_t count = 0;
  for (const auto& places : receive_places) count += places.size();
  return static_cast<int64_t>(count);
}

RowPlan plan_rows(const Communicator& comm, std::span<const int32_t> owner_ranks, std::span<const int64_t> owner_rows) {
  require(owner_ranks.size() == owner_rows.size(), "each wanted row has an owner and a row number");
  std::vector<std::vector<int64_t>> wanted(static_cast<size_t>(comm.size()));
  RowPlan plan;
  plan.receive_places.resize(wanted.size());
  for (size_t place = 0; place < owner_ranks.size(); ++place) {
    const int32_t owner = owner_ranks[place];
    require(owner >= 0 && owner < comm.size(), "the owner of a row is a rank");
    wanted[owner].push_back(owner_rows[place]);
    plan.receive_places[owner].push_back(static_cast<int64_t>(place));
  }
  const ReceivedValues<int64_t> asked = all_to_all(comm, wanted);
  for (int rank = 0; rank < comm.size(); ++rank) {
    const auto rows = asked.from(rank);
    plan.send_rows.emplace_back(rows.begin(), rows.end());
  }
  return plan;
}

void run_rows(const Communicator& comm, const RowPlan& plan, int64_t row_bytes,
              const std::function<void(int64_t row, std::byte* out)>& pack, std::byte* out, int64_t out_stride,
              int64_t max_message_bytes) {
  if (row_bytes == 0) return;
  const int me = comm.rank();
  const auto& own_places = plan.receive_places[me];
  for (size_t i = 0; i < own_places.size(); ++i) pack(plan.send_rows[me][i], out + own_places[i] * out_stride);

  const int64_t per_message = std::max<int64_t>(1, max_message_bytes / row_bytes);
  const int64_t rounds = num_rounds(plan, me, per_message);
  std::vector<std::vector<std::byte>> outgoing(static_cast<size_t>(comm.size()));
  std::vector<std::vector<std::byte>> incoming(static_cast<size_t>(comm.size()));
  for (int64_t round = 0; round < rounds; ++round) {
    std::vector<Transfer> transfers;
    for (int step = 1; step < comm.size(); ++step) {
      const int peer = (me + step) % comm.size();
      const auto rows = rows_of_round(plan.send_rows[peer], round, per_message);
      const auto places = rows_of_round(plan.receive_places[peer], round, per_message);
      outgoing[peer].resize(rows.size() * static_cast<size_t>(row_bytes));
      incoming[peer].resize(places.size() * static_cast<size_t>(row_bytes));
      for (size_t i = 0; i < rows.size(); ++i)
        pack(rows[i], outgoing[peer].data() + static_cast<int64_t>(i) * row_bytes);
      transfers.push_back({.rank = peer, .send = outgoing[peer], .receive = incoming[peer]});
    }
    run_transfers(comm.state(), transfers, max_message_bytes);
    for (int peer = 0; peer < comm.size(); ++peer) {
      if (peer == me) continue;
      const auto places = rows_of_round(plan.receive_places[peer], round, per_message);
      for (size_t i = 0; i < places.size(); ++i) {
        std::copy_n(incoming[peer].data() + static_cast<int64_t>(i) * row_bytes, row_bytes,
                    out + places[i] * out_stride);
      }
    }
  }
}

}  // namespace gigahop::comm
