#include "comm/cuda/nccl_channel.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/communicator_state.h"

namespace gigahop::comm {
namespace {

/// Made and ended by the thread that computes.
std::vector<ncclComm_t>& open_handles() {
  static std::vector<ncclComm_t> all;
  return all;
}

}  // namespace

void nccl_check(ncclResult_t result, const char* call, std::source_location where) {
  if (result == ncclSuccess) return;
  throw Error(ErrorKind::kComm,
              fmt::format("{} failed: {}; NCCL_DEBUG=INFO says more", call, ncclGetErrorString(result)), where);
}

NcclChannel::NcclChannel(const Communicator& comm) {
  ncclUniqueId id = {};
  agree(comm, [&] {
    if (comm.rank() == 0) nccl_check(ncclGetUniqueId(&id), "ncclGetUniqueId");
  });
  broadcast(comm, std::span(&id, 1), 0);
  nccl_check(ncclCommInitRank(&handle_, comm.size(), id, comm.rank()), "ncclCommInitRank");
  open_handles().push_back(handle_);
}

/// While an error unwinds, other ranks may be gone: what is under way is given up then, not waited for.
NcclChannel::~NcclChannel() {
  std::erase(open_handles(), handle_);
  if (std::uncaught_exceptions() > 0) {
    ncclCommAbort(handle_);
  } else {
    ncclCommDestroy(handle_);
  }
}

NcclChannel& NcclChannel::of(const Communicator& comm) {
  std::shared_ptr<NcclChannel>& channel = comm.state().nccl;
  if (channel == nullptr) channel = std::make_shared<NcclChannel>(comm);
  return *channel;
}

void NcclChannel::check_all() {
  for (const ncclComm_t handle : open_handles()) {
    ncclResult_t error = ncclSuccess;
    nccl_check(ncclCommGetAsyncError(handle, &error), "ncclCommGetAsyncError");
    nccl_check(error, "a collective of NCCL");
  }
}

}  // namespace gigahop::comm
