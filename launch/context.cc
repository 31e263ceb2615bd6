#include "launch/context.h"

#include <omp.h>

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/processors.h"
#include "base/progress.h"
#include "comm/agree.h"
#include "comm/collectives.h"

namespace gigahop::launch {
namespace {

/// Collective. What every rank of this host is bound to, in order of rank.
std::vector<Processors> bound_on_host(const comm::Communicator& comm) {
  const Processors mine = bound_processors();
  const comm::Gathered all = comm::all_gather_varied_bytes(comm, std::as_bytes(std::span(mine)));
  std::vector<Processors> bound;
  for (const int rank : comm.ranks_of_host()) {
    const auto* ids = reinterpret_cast<const int32_t*>(all.bytes.data());
    const int64_t size = static_cast<int64_t>(sizeof(int32_t));
    bound.emplace_back(ids + all.offsets[rank] / size, ids + all.offsets[rank + 1] / size);
  }
  return bound;
}

}  // namespace

void Context::use_processors() {
  const std::vector<Placement> placements = place_ranks(numa_nodes(), bound_on_host(comm));
  const Placement& mine = placements[static_cast<size_t>(comm.rank_on_host())];
  num_threads = config.threads() > 0 ? config.threads() : mine.num_threads;
  omp_set_num_threads(num_threads);
  const bool bind = mine.is_new && config.binding() == proto::Config::NUMA;
  const bool is_bound = bind && bind_to(mine.processors);
  if (bind && !is_bound) log_warning("{}: the system does not let a rank be bound to its NUMA node", comm.host());
  log_debug("{}: {} threads on processors {}{}", comm.host(), num_threads, fmt::join(mine.processors, ","),
            is_bound ? ", bound to them" : "");
}

bool Context::is_told_to_stop() const {
  return comm::max_over_ranks(comm, int64_t{stop_signals.is_stop_wanted()}) > 0;
}

int64_t Context::available_memory_bytes() const {
  return memory_of_host() / comm.ranks_on_host();
}

void Context::require_memory(std::string_view stage, int64_t bytes_per_rank, std::string_view hint) const {
  comm::agree(comm, [&] {
    const int64_t available = available_memory_bytes();
    if (bytes_per_rank <= available) return;
    throw config_error(fmt::format("{}: memory per rank", stage),
                       fmt::format("at least {}", human_bytes(static_cast<double>(bytes_per_rank))),
                       fmt::format("{} ({} ranks on {})", human_bytes(static_cast<double>(available)),
                                   comm.ranks_on_host(), comm.host()),
                       std::string(hint));
  });
}

}  // namespace gigahop::launch
