#include "launch/doctor/report.h"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/progress.h"
#include "launch/doctor/remarks.h"

namespace gigahop::launch::doctor {
namespace {

using nlohmann::json;

std::string text(const json& value) {
  return value.get<std::string>();
}

std::string bytes(const json& value) {
  return human_bytes(value.get<double>());
}

/// "0-3,8" of 0, 1, 2, 3, 8.
std::string as_ranges(const std::vector<int>& ids) {
  std::vector<std::string> ranges;
  for (size_t first = 0; first < ids.size();) {
    size_t last = first;
    while (last + 1 < ids.size() && ids[last + 1] == ids[last] + 1) ++last;
    ranges.push_back(first == last ? fmt::format("{}", ids[first]) : fmt::format("{}-{}", ids[first], ids[last]));
    first = last + 1;
  }
  return fmt::format("{}", fmt::join(ranges, ","));
}

/// "1 rank", "2 ranks".
std::string count(size_t number, const char* noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string describe_gpus(const json& gpus) {
  std::string line = gpus["driver"].is_null() ? "no CUDA driver" : "CUDA driver " + text(gpus["driver"]);
  for (const json& device : gpus["devices"]) {
    line += fmt::format(", {} ({})", text(device["name"]), bytes(device["bytes"]));
  }
  return line + (gpus["nccl"].is_null() ? ", no NCCL" : ", NCCL " + text(gpus["nccl"]));
}

std::string describe_host(const json& host) {
  std::string out = fmt::format("host {}\n", text(host["host"]));
  out += fmt::format("  machine      {} processors, {} NUMA nodes, {} of memory, {} free in /dev/shm\n",
                     host["host_processors"].get<int>(), host["numa_nodes"].get<int>(), bytes(host["memory_bytes"]),
                     bytes(host["shared_memory_bytes"]));
  out += fmt::format("  devices      {}\n", describe_gpus(host["gpus"]));
  std::vector<std::string> networks;
  for (const json& interface : host["interfaces"]) {
    const auto speed = interface["megabits_per_second"].get<int64_t>();
    networks.push_back(fmt::format("{} {}{}", text(interface["name"]), text(interface["address"]),
                                   speed > 0 ? fmt::format(" ({} Mbit/s)", speed) : ""));
  }
  for (const json& fabric : host["fabrics"]) networks.push_back(text(fabric));
  return out + fmt::format("  networks     {}\n", fmt::join(networks, ", "));
}

std::string describe_rank(const json& rank) {
  const json& folder = rank["folder"];
  return fmt::format("  rank {:<7} processors {}, {} threads, clock {:+.1f} ms, folder: writes {}/s, reads {}/s\n",
                     rank["rank"].get<int>(), as_ranges(rank["processors"].get<std::vector<int>>()),
                     rank["threads"].get<int>(), 1e3 * rank["clock_ahead_seconds"].get<double>(),
                     bytes(folder["write_bytes_per_second"]), bytes(folder["read_bytes_per_second"]));
}

std::string describe_folder(const json& facts) {
  bool is_good = true;
  for (const json& rank : facts["ranks"]) {
    const json& folder = rank["folder"];
    is_good = is_good && folder["is_shared"].get<bool>() && folder["torn_reads"].get<int64_t>() == 0;
  }
  return fmt::format("folder         {}{}\n", text(facts["folder"]),
                     is_good ? ", the same for all ranks, with atomic renames" : "; see below");
}

std::string describe_all_reduce(const json& measured) {
  if (measured.is_null()) return "all-reduce     none: one rank has nobody to sum with\n";
  return fmt::format("all-reduce     {} at {}/s (each rank sends {}/s), one number in {:.0f} us\n",
                     bytes(measured["bytes"]), bytes(measured["bytes_per_second"]),
                     bytes(measured["wire_bytes_per_second"]), 1e6 * measured["latency_seconds"].get<double>());
}

}  // namespace

std::string describe(const json& facts) {
  const json& first = facts["ranks"][0];
  const auto hosts = ranks_by_host(facts);
  std::string out = fmt::format("gigahop {}, {} on {}\n", text(first["gigahop"]), count(facts["ranks"].size(), "rank"),
                                count(hosts.size(), "host"));
  out += fmt::format("MPI            {}; follows MPI {}, {}\n", text(first["mpi"]["library"]),
                     text(first["mpi"]["standard"]), text(first["mpi"]["thread_level"]));
  out +=
      fmt::format("in use         {}\n", fmt::join(first["mpi"]["components"].get<std::vector<std::string>>(), ", "));
  out += describe_all_reduce(facts["all_reduce"]);
  out += describe_folder(facts);
  for (const auto& host : hosts) {
    out += describe_host(*host[0]);
    for (const json* rank : host) out += describe_rank(*rank);
  }
  const json& remarks = facts["remarks"];
  if (remarks.empty()) return out + "nothing is in the way\n";
  for (const json& remark : remarks) out += fmt::format("remark: {}\n", text(remark));
  return out;
}

}  // namespace gigahop::launch::doctor
