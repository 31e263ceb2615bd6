/// NCCL by MPI: what gigahop calls of it. A collective, or a group of messages, is a piece of work of its stream.
/// Pieces run in the order in which they were queued, whatever stream they are on: NCCL promises that of one
/// communicator. What would be under way on two at once is refused, for on GPUs they may wait for each other.
#include <mpi.h>
#include <nccl.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "emulation/collectives.h"
#include "emulation/device_state.h"
#include "emulation/launch.h"

using emulation::device_state;
using emulation::DeviceMemory;
using emulation::DeviceState;

struct ncclComm {
  MPI_Comm handle = MPI_COMM_NULL;
  bool has_failed = false;
};

namespace {

/// Pieces that are queued and have not run.
struct Queued {
  CUstream_st* stream;
  uint64_t num_done;  // of the stream, once it has run
  ncclComm_t comm;
};
std::deque<Queued>& queue() {
  static std::deque<Queued> all;
  return all;
}

void run_those_before(const CUstream_st* stream, uint64_t num_done) {
  while (queue().front().stream != stream || queue().front().num_done != num_done) {
    const Queued first = queue().front();
    device_state().drain(*first.stream, first.num_done);
  }
  queue().pop_front();
}

/// A message to or from another rank, of a group.
struct Message {
  enum class Way { kSend, kReceive };
  Way way;
  void* data;
  size_t bytes;
  int peer;
  ncclComm_t comm;
  CUstream_st* stream;
};
bool& is_in_group() {
  static bool is = false;
  return is;
}
std::vector<Message>& group() {
  static std::vector<Message> messages;
  return messages;
}

/// That uses the device: the one that makes communicators.
std::thread::id& thread_of_device() {
  static std::thread::id id;
  return id;
}

MPI_Datatype mpi_type(ncclDataType_t type) {
  if (type == ncclFloat32) return MPI_FLOAT;
  if (type == ncclFloat64) return MPI_DOUBLE;
  return MPI_DATATYPE_NULL;
}

/// Sleeps while it waits: ranks of a test share few cores.
int wait_for(std::vector<MPI_Request>& requests) {
  int code = MPI_SUCCESS;
  for (int are_done = 0; code == MPI_SUCCESS && are_done == 0;) {
    code = PMPI_Testall(static_cast<int>(requests.size()), requests.data(), &are_done, MPI_STATUSES_IGNORE);
    if (are_done == 0) std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  return code;
}

int sum(void* values, int count, MPI_Datatype type, MPI_Comm comm) {
  std::vector<MPI_Request> requests(1);
  const int code = MPI_Iallreduce(MPI_IN_PLACE, values, count, type, MPI_SUM, comm, requests.data());
  return code == MPI_SUCCESS ? wait_for(requests) : code;
}

int exchange(const std::vector<Message>& messages) {
  std::vector<MPI_Request> requests;
  int code = MPI_SUCCESS;
  for (const Message& message : messages) {
    if (code != MPI_SUCCESS) break;
    const auto bytes = static_cast<int>(message.bytes);
    MPI_Request& request = requests.emplace_back(MPI_REQUEST_NULL);
    code = message.way == Message::Way::kSend
               ? MPI_Isend(message.data, bytes, MPI_BYTE, message.peer, 0, message.comm->handle, &request)
               : MPI_Irecv(message.data, bytes, MPI_BYTE, message.peer, 0, message.comm->handle, &request);
  }
  return code == MPI_SUCCESS ? wait_for(requests) : code;
}

bool is_on_device(const void* address, size_t size) {
  return size == 0 || device_state().memory.place_of(address, size) == DeviceMemory::Place::kDevice;
}

/// run() gives MPI's code.
template <class Run>
ncclResult_t queue_piece(ncclComm_t comm, CUstream_st* stream, Run run) {
  if (!device_state().streams.contains(stream)) return ncclInvalidArgument;
  if (!queue().empty() && queue().back().comm != comm) return ncclInvalidUsage;
  const uint64_t num_done = stream->num_done + stream->queue.size() + 1;
  queue().push_back({stream, num_done, comm});
  const cudaError_t error = emulation::submit(stream, [=] {
    run_those_before(stream, num_done);
    comm->has_failed = run() != MPI_SUCCESS || comm->has_failed;
  });
  return error == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}

/// A message alone would be a group of its own: gigahop has none.
ncclResult_t add_to_group(const Message& message, ncclDataType_t type) {
  const std::lock_guard lock(device_state().mutex);
  const bool valid =
      is_in_group() && type == ncclInt8 && is_on_device(message.data, message.bytes) && message.bytes <= INT32_MAX &&
      (group().empty() || (group().back().comm == message.comm && group().back().stream == message.stream));
  if (!valid) return ncclInvalidArgument;
  group().push_back(message);
  return ncclSuccess;
}

}  // namespace

namespace emulation {

void run_next_collective() {
  if (thread_of_device() != std::this_thread::get_id()) return;
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  if (!queue().empty()) state.drain(*queue().front().stream, queue().front().num_done);
}

}  // namespace emulation

extern "C" {

/// The communicator is over MPI's world or this process alone: nothing needs to be identified.
ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  std::memset(id, 1, sizeof *id);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRank(ncclComm_t* comm, int num_ranks, ncclUniqueId, int rank) {
  int world_size = 0;
  int world_rank = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &world_size);
  MPI_Comm_rank(MPI_COMM_WORLD, &world_rank);
  if (num_ranks != world_size || rank != world_rank) return ncclInvalidArgument;
  thread_of_device() = std::this_thread::get_id();
  auto* made = new ncclComm;
  MPI_Comm_dup(MPI_COMM_WORLD, &made->handle);
  *comm = made;
  return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  int is_over = 0;
  MPI_Finalized(&is_over);
  if (cudaDeviceSynchronize() != cudaSuccess) return ncclUnhandledCudaError;
  if (is_over == 0) MPI_Comm_free(&comm->handle);
  delete comm;
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  delete comm;
  return ncclSuccess;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* error) {
  *error = comm->has_failed ? ncclRemoteError : ncclSuccess;
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t result) {
  return result == ncclSuccess ? "no error" : "emulated error";
}

ncclResult_t ncclAllReduce(const void* source, void* target, size_t count, ncclDataType_t type, ncclRedOp_t op,
                           ncclComm_t comm, cudaStream_t stream) {
  const std::lock_guard lock(device_state().mutex);
  const size_t bytes = count * (type == ncclFloat64 ? 8 : 4);
  const bool valid =
      op == ncclSum && source == target && mpi_type(type) != MPI_DATATYPE_NULL && is_on_device(target, bytes);
  if (!valid) return ncclInvalidArgument;
  return queue_piece(comm, stream, [=] { return sum(target, static_cast<int>(count), mpi_type(type), comm->handle); });
}

ncclResult_t ncclGroupStart() {
  if (is_in_group()) return ncclInvalidUsage;
  is_in_group() = true;
  return ncclSuccess;
}

ncclResult_t ncclSend(const void* data, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return add_to_group({Message::Way::kSend, const_cast<void*>(data), count, peer, comm, stream}, type);
}

ncclResult_t ncclRecv(void* data, size_t count, ncclDataType_t type, int peer, ncclComm_t comm, cudaStream_t stream) {
  return add_to_group({Message::Way::kReceive, data, count, peer, comm, stream}, type);
}

ncclResult_t ncclGroupEnd() {
  const std::lock_guard lock(device_state().mutex);
  if (!is_in_group()) return ncclInvalidUsage;
  is_in_group() = false;
  const std::vector<Message> messages = std::exchange(group(), {});
  if (messages.empty()) return ncclSuccess;
  return queue_piece(messages.front().comm, messages.front().stream, [=] { return exchange(messages); });
}
}
