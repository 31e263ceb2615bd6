#include "launch/doctor/host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <set>
#include <string>

#include "base/memory.h"
#include "base/processors.h"
#include "comm/library.h"

namespace gigahop::launch::doctor {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::set<std::string> loaded_components() {
  static const std::regex component(R"(/mca_(pml|btl|mtl)_(\w+)\.so)");
  std::set<std::string> names;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::smatch found;
    if (std::regex_search(line, found, component)) names.insert(found[1].str() + "/" + found[2].str());
  }
  return names;
}

int64_t megabits_per_second(const std::string& interface) {
  int64_t speed = -1;
  std::ifstream file("/sys/class/net/" + interface + "/speed");
  if (!(file >> speed)) speed = -1;
  return speed;
}

std::string text_of(const sockaddr_in& address) {
  std::array<char, INET_ADDRSTRLEN> text = {};
  ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
  return text.data();
}

json list_interfaces() {
  json interfaces = json::array();
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return interfaces;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(found, &::freeifaddrs);
  for (const ifaddrs* entry = all.get(); entry != nullptr; entry = entry->ifa_next) {
    const bool is_up = (entry->ifa_flags & IFF_UP) != 0;
    if (!is_up || entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    interfaces.push_back({{"name", entry->ifa_name},
                          {"address", text_of(*reinterpret_cast<const sockaddr_in*>(entry->ifa_addr))},
                          {"megabits_per_second", megabits_per_second(entry->ifa_name)}});
  }
  return interfaces;
}

std::set<std::string> list_fabrics() {
  std::set<std::string> names;
  std::error_code absent;
  for (const fs::directory_entry& device : fs::directory_iterator("/sys/class/infiniband", absent)) {
    names.insert(device.path().filename().string());
  }
  return names;
}

int64_t free_shared_memory() {
  struct statvfs facts = {};
  if (::statvfs("/dev/shm", &facts) != 0) return 0;
  return static_cast<int64_t>(facts.f_bavail) * static_cast<int64_t>(facts.f_frsize);
}

}  // namespace

json describe_host(const Context& context) {
  const comm::Library mpi = comm::library();
  return {{"host", context.comm.host()},
          {"gigahop", GIGAHOP_VERSION},
          {"mpi",
           {{"library", mpi.name},
            {"standard", mpi.standard},
            {"thread_level", mpi.thread_level},
            {"components", loaded_components()}}},
          {"host_processors", ::sysconf(_SC_NPROCESSORS_ONLN)},
          {"processors", bound_processors()},
          {"threads", context.num_threads},
          {"numa_nodes", numa_nodes().size()},
          {"memory_bytes", memory_of_host()},
          {"shared_memory_bytes", free_shared_memory()},
          {"interfaces", list_interfaces()},
          {"fabrics", list_fabrics()}};
}

}  // namespace gigahop::launch::doctor
