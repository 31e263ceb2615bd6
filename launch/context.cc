#include "launch/context.h"

#include <sched.h>

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"

namespace gigahop::launch {
namespace {

/// The cores this process may use; all of them are shared among the ranks of the host unless each is bound to its own.
int usable_threads(const comm::Communicator& comm) {
  cpu_set_t bound;
  CPU_ZERO(&bound);
  const int num_cores = static_cast<int>(std::thread::hardware_concurrency());
  const int num_bound = sched_getaffinity(0, sizeof(bound), &bound) == 0 ? CPU_COUNT(&bound) : num_cores;
  if (num_bound < num_cores) return num_bound;
  return std::max(1, num_cores / comm.ranks_on_host());
}

}  // namespace

int Context::num_threads() const {
  return config.threads() > 0 ? config.threads() : usable_threads(comm);
}

int64_t Context::available_memory_bytes() const {
  return memory_of_host() / comm.ranks_on_host();
}

void Context::require_memory(std::string_view stage, int64_t bytes_per_rank, std::string_view hint) const {
  const int64_t available = available_memory_bytes();
  if (bytes_per_rank <= available) return;
  throw config_error(fmt::format("{}: memory per rank", stage),
                     fmt::format("at least {}", human_bytes(static_cast<double>(bytes_per_rank))),
                     fmt::format("{} ({} ranks on {})", human_bytes(static_cast<double>(available)),
                                 comm.ranks_on_host(), comm.host()),
                     std::string(hint));
}

}  // namespace gigahop::launch
