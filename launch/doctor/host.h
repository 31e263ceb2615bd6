/// What a rank finds on its host: its place, its network interfaces, what MPI moves bytes with.
#pragma once

#include <nlohmann/json.hpp>

#include "launch/context.h"

namespace gigahop::launch::doctor {

/// {host, gigahop, mpi: {library, standard, thread_level, components}, host_processors, processors, threads,
/// numa_nodes, memory_bytes, shared_memory_bytes, interfaces: [{name, address, megabits_per_second}], fabrics}
///
/// processors   that this rank is bound to; host_processors: how many the host has
/// components   of Open MPI that are loaded, such as "pml/ob1" and "btl/tcp"; none where they are part of the library
/// interfaces   those that are up and have an IPv4 address; -1 megabits where the system does not tell
/// fabrics      InfiniBand and the like, by the names of their devices
nlohmann::json describe_host(const Context& context);

}  // namespace gigahop::launch::doctor
