/// Which processors the ranks of one host compute on.
///
/// A launcher binds each rank to processors of its own, several ranks to the same ones (a NUMA node, say), or none at
/// all. Ranks that were left free over several NUMA nodes are spread over them, so that a rank's threads and the memory
/// they touch first stay together; a binding that the launcher made stands. Threads fill a rank's processors and no
/// more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gigahop {

/// Logical processors by the system's numbers.
using Processors = std::vector<int32_t>;

/// Of each NUMA node of this host, those that this process may be given, those of a core side by side; each processor
/// once, nodes without any of their own left out. None where hwloc cannot tell.
/// synthetic: a machine in hwloc's words ("numa:2 core:4 pu:1") in place of this one.
std::vector<Processors> numa_nodes(const std::string& synthetic = "");

/// What the calling thread is bound to, ascending; all processors where it is not bound. Empty where the system does
/// not tell.
Processors bound_processors();

/// For the calling thread and those it starts from now on. False where the system refuses.
bool bind_to(const Processors& processors);

struct Placement {
  Processors processors;
  int num_threads = 1;  // as many as it has processors for itself, those it shares in equal shares; at least 1
  bool is_new = false;  // the rank was free over several NUMA nodes and should be bound to these processors
};

/// Pure. For each rank of a host, in order of rank.
/// nodes: as numa_nodes() gives them; bound: what each rank is bound to, empty for unknown, which counts as free.
std::vector<Placement> place_ranks(const std::vector<Processors>& nodes, const std::vector<Processors>& bound);

}  // namespace gigahop
