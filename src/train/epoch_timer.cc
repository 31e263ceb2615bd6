#include "train/epoch_timer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "comm/collectives.h"

namespace gigahop::train {

EpochTimer::EpochTimer(std::function<Spent()> spent)
    : spent_(std::move(spent)), before_(spent_()), began_(std::chrono::steady_clock::now()) {}

double EpochTimer::own_data_wait_share() const {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  return (spent_().data_wait - before_.data_wait) / std::max(seconds, 1e-9);
}

EpochTimer::Shares EpochTimer::stop(const comm::Communicator& comm) const {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  const Spent after = spent_();
  const double scale = 1 / (std::max(seconds, 1e-9) * comm.size());
  std::array<double, 3> shares = {(after.data_wait - before_.data_wait) * scale, (after.comm - before_.comm) * scale,
                                  (after.products - before_.products) * scale};
  comm::all_reduce_sum(comm, std::span<double>(shares));
  std::array<int64_t, 3> loaded = {after.loaded.remote_nodes - before_.loaded.remote_nodes,
                                   after.loaded.cached_nodes - before_.loaded.cached_nodes,
                                   after.loaded.fetched_bytes - before_.loaded.fetched_bytes};
  comm::all_reduce_sum(comm, std::span<int64_t>(loaded));
  return {.seconds = comm::max_over_ranks(comm, seconds),
          .data_wait = shares[0],
          .comm = shares[1],
          .products = shares[2],
          .loaded = {.remote_nodes = loaded[0], .cached_nodes = loaded[1], .fetched_bytes = loaded[2]},
          .own_seconds = seconds,
          .own_data_wait_seconds = after.data_wait - before_.data_wait,
          .own_step = {.forward = after.step.forward - before_.step.forward,
                       .backward = after.step.backward - before_.step.backward,
                       .synchronise = after.step.synchronise - before_.step.synchronise,
                       .update = after.step.update - before_.step.update}};
}

}  // namespace gigahop::train
