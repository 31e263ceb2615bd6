/// NCCL by MPI: what gigahop calls of it. A collective is a piece of work of its stream. Pieces run in the order in
/// which they were queued, whatever stream they are on, for a process that waits in one cannot run the other that its
/// peers wait for, as a GPU would.
#include <mpi.h>
#include <nccl.h>

#include <chrono>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

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

/// Collectives that are queued and have not run.
struct Queued {
  CUstream_st* stream;
  uint64_t num_done;  // of the stream, once it has run
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
int sum(void* values, int count, MPI_Datatype type, MPI_Comm comm) {
  MPI_Request request = MPI_REQUEST_NULL;
  int code = MPI_Iallreduce(MPI_IN_PLACE, values, count, type, MPI_SUM, comm, &request);
  for (int is_done = 0; code == MPI_SUCCESS && is_done == 0;) {
    code = MPI_Test(&request, &is_done, MPI_STATUS_IGNORE);
    if (is_done == 0) std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  return code;
}

bool is_on_device(const void* address, size_t size) {
  return device_state().memory.place_of(address, size) == DeviceMemory::Place::kDevice;
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
  DeviceState& state = device_state();
  const std::lock_guard lock(state.mutex);
  const size_t bytes = count * (type == ncclFloat64 ? 8 : 4);
  const bool valid = op == ncclSum && source == target && mpi_type(type) != MPI_DATATYPE_NULL &&
                     (count == 0 || is_on_device(target, bytes)) && state.streams.contains(stream);
  if (!valid) return ncclInvalidArgument;
  const uint64_t num_done = stream->num_done + stream->queue.size() + 1;
  queue().push_back({stream, num_done});
  const cudaError_t error = emulation::submit(stream, [=] {
    run_those_before(stream, num_done);
    const int code = sum(target, static_cast<int>(count), mpi_type(type), comm->handle);
    comm->has_failed = comm->has_failed || code != MPI_SUCCESS;
  });
  return error == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}
}
