#include "comm/collectives.h"

#include <algorithm>
#include <numeric>

#include "comm/communicator_state.h"
#include "comm/exchange.h"

namespace gigahop::comm {
namespace {

template <class T>
MPI_Datatype mpi_type();
template <>
MPI_Datatype mpi_type<float>() {
  return MPI_FLOAT;
}
template <>
MPI_Datatype mpi_type<double>() {
  return MPI_DOUBLE;
}
template <>
MPI_Datatype mpi_type<int32_t>() {
  return MPI_INT32_T;
}
template <>
MPI_Datatype mpi_type<int64_t>() {
  return MPI_INT64_T;
}
template <>
MPI_Datatype mpi_type<uint64_t>() {
  return MPI_UINT64_T;
}

/// Calls step(chunk) for consecutive pieces of at most kMaxMessageBytes.
template <class T, class Step>
void for_each_chunk(std::span<T> values, const Step& step) {
  constexpr size_t kChunk = static_cast<size_t>(kMaxMessageBytes) / sizeof(T);
  while (!values.empty()) {
    const size_t count = std::min(values.size(), kChunk);
    step(values.first(count));
    values = values.subspan(count);
  }
}

template <class T>
void all_reduce(const Communicator& comm, std::span<T> values, MPI_Op op) {
  Communicator::State& state = comm.state();
  if (state.size == 1) return;
  for_each_chunk(values, [&](std::span<T> chunk) {
    MPI_Request request = MPI_REQUEST_NULL;
    mpi_check(MPI_Iallreduce(MPI_IN_PLACE, chunk.data(), static_cast<int>(chunk.size()), mpi_type<T>(), op,
                             state.handle, &request),
              "MPI_Iallreduce");
    wait(state, request);
    state.count_collective(static_cast<int64_t>(chunk.size_bytes()));
  });
  state.bytes_sent += 2 * static_cast<int64_t>(values.size_bytes());
}

/// Every rank's bytes, of known lengths, to every rank.
std::vector<std::byte> gather_known(const Communicator& comm, std::span<const std::byte> mine,
                                    std::span<const int64_t> offsets) {
  std::vector<std::byte> bytes(static_cast<size_t>(offsets.back()));
  std::vector<Transfer> transfers;
  for (int step = 1; step < comm.size(); ++step) {
    const int peer = (comm.rank() + step) % comm.size();
    transfers.push_back({.rank = peer,
                         .send = mine,
                         .receive = std::span(bytes).subspan(static_cast<size_t>(offsets[peer]),
                                                             static_cast<size_t>(offsets[peer + 1] - offsets[peer]))});
  }
  std::copy(mine.begin(), mine.end(), bytes.begin() + offsets[comm.rank()]);
  run_transfers(comm.state(), transfers, kMaxMessageBytes);
  return bytes;
}

}  // namespace

void barrier(const Communicator& comm) {
  MPI_Request request = MPI_REQUEST_NULL;
  mpi_check(MPI_Ibarrier(comm.state().handle, &request), "MPI_Ibarrier");
  wait(comm.state(), request);
  comm.state().count_collective(0);
}

void broadcast_bytes(const Communicator& comm, std::span<std::byte> bytes, int root) {
  Communicator::State& state = comm.state();
  if (state.size == 1) return;
  for_each_chunk(bytes, [&](std::span<std::byte> chunk) {
    MPI_Request request = MPI_REQUEST_NULL;
    mpi_check(MPI_Ibcast(chunk.data(), static_cast<int>(chunk.size()), MPI_BYTE, root, state.handle, &request),
              "MPI_Ibcast");
    wait(state, request);
    state.count_collective(static_cast<int64_t>(chunk.size()));
  });
  state.bytes_sent += static_cast<int64_t>(bytes.size());
}

std::string broadcast_text(const Communicator& comm, const std::string& text, int root) {
  auto length = static_cast<int64_t>(text.size());
  broadcast(comm, std::span(&length, 1), root);
  std::string result = comm.rank() == root ? text : std::string(static_cast<size_t>(length), '\0');
  broadcast(comm, std::span(result), root);
  return result;
}

template <class T>
void all_reduce_sum(const Communicator& comm, std::span<T> values) {
  all_reduce(comm, values, MPI_SUM);
}
template <class T>
void all_reduce_max(const Communicator& comm, std::span<T> values) {
  all_reduce(comm, values, MPI_MAX);
}
template <class T>
void all_reduce_min(const Communicator& comm, std::span<T> values) {
  all_reduce(comm, values, MPI_MIN);
}

template void all_reduce_sum(const Communicator&, std::span<float>);
template void all_reduce_sum(const Communicator&, std::span<double>);
template void all_reduce_sum(const Communicator&, std::span<int32_t>);
template void all_reduce_sum(const Communicator&, std::span<int64_t>);
template void all_reduce_sum(const Communicator&, std::span<uint64_t>);
template void all_reduce_max(const Communicator&, std::span<float>);
template void all_reduce_max(const Communicator&, std::span<double>);
template void all_reduce_max(const Communicator&, std::span<int32_t>);
template void all_reduce_max(const Communicator&, std::span<int64_t>);
template void all_reduce_max(const Communicator&, std::span<uint64_t>);
template void all_reduce_min(const Communicator&, std::span<float>);
template void all_reduce_min(const Communicator&, std::span<double>);
template void all_reduce_min(const Communicator&, std::span<int32_t>);
template void all_reduce_min(const Communicator&, std::span<int64_t>);
template void all_reduce_min(const Communicator&, std::span<uint64_t>);

int64_t exclusive_sum(const Communicator& comm, int64_t value) {
  int64_t before = 0;
  MPI_Request request = MPI_REQUEST_NULL;
  mpi_check(MPI_Iexscan(&value, &before, 1, MPI_INT64_T, MPI_SUM, comm.state().handle, &request), "MPI_Iexscan");
  wait(comm.state(), request);
  comm.state().count_collective(sizeof value);
  return comm.rank() == 0 ? 0 : before;
}

std::vector<std::byte> all_gather_bytes(const Communicator& comm, std::span<const std::byte> mine) {
  std::vector<int64_t> offsets(static_cast<size_t>(comm.size()) + 1);
  for (size_t rank = 0; rank < offsets.size(); ++rank) offsets[rank] = static_cast<int64_t>(rank * mine.size());
  return gather_known(comm, mine, offsets);
}

Gathered all_gather_varied_bytes(const Communicator& comm, std::span<const std::byte> mine) {
  const auto length = static_cast<int64_t>(mine.size());
  std::vector<int64_t> offsets(static_cast<size_t>(comm.size()) + 1);
  MPI_Request request = MPI_REQUEST_NULL;
  mpi_check(MPI_Iallgather(&length, 1, MPI_INT64_T, offsets.data() + 1, 1, MPI_INT64_T, comm.state().handle, &request),
            "MPI_Iallgather");
  wait(comm.state(), request);
  comm.state().count_collective(sizeof length);
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  Gathered gathered{.bytes = gather_known(comm, mine, offsets), .offsets = {}};
  gathered.offsets = std::move(offsets);
  return gathered;
}

}  // namespace gigahop::comm
