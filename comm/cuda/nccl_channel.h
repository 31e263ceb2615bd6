/// A communicator of NCCL over the ranks of one of ours, bootstrapped over MPI. NCCL is visible here and in comm/cuda
/// alone.
///
/// What is queued on one of NCCL's communicators runs in the order of queueing, whatever streams it is on. Two of them
/// at once have no order: each may hold the place on one GPU that the other waits for on the next. So all that uses a
/// GPU shares a communicator of ours, not a duplicate of it.
#pragma once

#include <nccl.h>

#include <source_location>

#include "comm/communicator.h"

namespace gigahop::comm {

/// Error{kComm} naming the call and NCCL's reason unless `result` is ncclSuccess.
void nccl_check(ncclResult_t result, const char* call, std::source_location where = std::source_location::current());

class NcclChannel {
 public:
  /// Collective. Cost: one broadcast of 128 bytes, and what NCCL takes to connect.
  explicit NcclChannel(const Communicator& comm);
  ~NcclChannel();
  NcclChannel(const NcclChannel&) = delete;
  NcclChannel& operator=(const NcclChannel&) = delete;

  /// The channel of a communicator, made when it is first asked for. Collective then.
  static NcclChannel& of(const Communicator& comm);
  /// Error{kComm} if a collective of any channel of this process has failed.
  static void check_all();

  ncclComm_t handle() const { return handle_; }

 private:
  ncclComm_t handle_ = nullptr;
};

}  // namespace gigahop::comm
