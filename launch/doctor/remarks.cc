#include "launch/doctor/remarks.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/progress.h"

namespace gigahop::launch::doctor {
namespace {

using nlohmann::json;
using Remarks = std::vector<std::string>;
using Host = std::vector<const json*>;

constexpr double kMuchSkewSeconds = 1;
constexpr double kSlowBytesPerSecond = 50e6;
constexpr int64_t kLittleSharedMemory = 64 << 20;

std::string name_of(const json& rank) {
  return fmt::format("rank {} on {}", rank["rank"].get<int>(), rank["host"].get<std::string>());
}

void compare_with_first(const json& ranks, Remarks& remarks) {
  for (const auto& [what, place] : {std::pair{"gigahop", "/gigahop"}, std::pair{"MPI", "/mpi/library"}}) {
    const json::json_pointer at(place);
    for (const json& rank : ranks) {
      if (rank.at(at) == ranks[0].at(at)) continue;
      remarks.push_back(fmt::format("{} runs another {} ({}) than rank 0 ({}): install one version everywhere",
                                    name_of(rank), what, rank.at(at).get<std::string>(),
                                    ranks[0].at(at).get<std::string>()));
      break;
    }
  }
}

void look_at_clock(const json& rank, Remarks& remarks) {
  const double ahead = rank["clock_ahead_seconds"].get<double>();
  if (std::abs(ahead) <= kMuchSkewSeconds) return;
  remarks.push_back(
      fmt::format("the clock of {} is {:.1f} s {} rank 0's: times in logs cannot be compared; let the "
                  "hosts keep time by NTP",
                  name_of(rank), std::abs(ahead), ahead > 0 ? "ahead of" : "behind"));
}

void look_at_folder(const json& rank, Remarks& remarks) {
  const json& folder = rank["folder"];
  if (!folder["is_shared"].get<bool>()) {
    remarks.push_back(
        fmt::format("{} does not see what rank 0 writes: shards and run folders must lie on storage that "
                    "all hosts share",
                    name_of(rank)));
  }
  if (folder["torn_reads"].get<int64_t>() > 0) {
    remarks.push_back(
        fmt::format("{} found a file that was being replaced absent or not whole, {} times: renames are "
                    "not atomic there; keep run folders elsewhere",
                    name_of(rank), folder["torn_reads"].get<int64_t>()));
  }
  const double speed = folder["write_bytes_per_second"].get<double>();
  if (speed < kSlowBytesPerSecond) {
    remarks.push_back(
        fmt::format("{} writes {}/s: checkpoints of a large model will take long", name_of(rank), human_bytes(speed)));
  }
}

void look_at_processors(const Host& host, Remarks& remarks) {
  std::set<int> used;
  int num_threads = 0;
  for (const json* rank : host) {
    for (const json& processor : (*rank)["processors"]) used.insert(processor.get<int>());
    num_threads += (*rank)["threads"].get<int>();
  }
  const auto num_used = static_cast<int>(used.size());
  const int num_there = (*host[0])["host_processors"].get<int>();
  const auto name = (*host[0])["host"].get<std::string>();
  if (2 * num_used <= num_there) {
    remarks.push_back(
        fmt::format("the ranks on {} are bound to {} of its {} processors: mpirun binds each rank to one "
                    "core unless told --bind-to none",
                    name, num_used, num_there));
  }
  if (num_threads > num_used) {
    remarks.push_back(fmt::format("the ranks on {} run {} threads on {} processors: start fewer ranks there", name,
                                  num_threads, num_used));
  }
}

void look_at_networks(const Host& host, Remarks& remarks) {
  const json& rank = *host[0];
  std::vector<std::string> networks;
  for (const json& interface : rank["interfaces"]) {
    const auto name = interface["name"].get<std::string>();
    if (name != "lo") networks.push_back(name);
  }
  const json& components = rank["mpi"]["components"];
  const bool uses_tcp = std::ranges::find(components, json("btl/tcp")) != components.end();
  if (uses_tcp && !rank["fabrics"].empty()) {
    remarks.push_back(fmt::format("{} has {}, and MPI moves bytes by TCP: use an MPI with UCX or libfabric",
                                  rank["host"].get<std::string>(),
                                  fmt::join(rank["fabrics"].get<std::vector<std::string>>(), ", ")));
  }
  if (uses_tcp && networks.size() > 1) {
    remarks.push_back(
        fmt::format("{} has several networks ({}), of which MPI may choose one that does not lead to the "
                    "other hosts: name it by --interface of launch/mpirun.sh, or OMPI_MCA_btl_tcp_if_include",
                    rank["host"].get<std::string>(), fmt::join(networks, ", ")));
  }
}

void look_at_shared_memory(const Host& host, Remarks& remarks) {
  const auto bytes = (*host[0])["shared_memory_bytes"].get<int64_t>();
  if (host.size() < 2 || bytes >= kLittleSharedMemory) return;
  remarks.push_back(fmt::format("{} has {} free in /dev/shm, through which its ranks talk: give the container more",
                                (*host[0])["host"].get<std::string>(), human_bytes(static_cast<double>(bytes))));
}

}  // namespace

std::vector<Host> ranks_by_host(const json& facts) {
  std::vector<Host> hosts;
  for (const json& rank : facts["ranks"]) {
    const auto known =
        std::ranges::find_if(hosts, [&](const Host& host) { return (*host[0])["host"] == rank["host"]; });
    if (known == hosts.end()) {
      hosts.push_back({&rank});
    } else {
      known->push_back(&rank);
    }
  }
  return hosts;
}

std::vector<std::string> find_remarks(const json& facts) {
  Remarks remarks;
  compare_with_first(facts["ranks"], remarks);
  for (const json& rank : facts["ranks"]) {
    look_at_clock(rank, remarks);
    look_at_folder(rank, remarks);
  }
  const std::vector<Host> hosts = ranks_by_host(facts);
  for (const Host& host : hosts) {
    look_at_processors(host, remarks);
    look_at_shared_memory(host, remarks);
    if (hosts.size() > 1) look_at_networks(host, remarks);
  }
  return remarks;
}

}  // namespace gigahop::launch::doctor
