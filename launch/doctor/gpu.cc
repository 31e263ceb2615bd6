#include "launch/doctor/gpu.h"

#include <dlfcn.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include <fmt/format.h>

namespace gigahop::launch::doctor {
namespace {

using nlohmann::json;

/// A shared library of this host, if it has it.
class Library {
 public:
  explicit Library(const char* name) : handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {}

  /// What `name` returns for the arguments, which of these libraries is 0 for success; -1 where there is no such name.
  template <class... Arguments>
  int call(const char* name, Arguments... arguments) const {
    if (handle_ == nullptr) return -1;
    const auto function = reinterpret_cast<int (*)(Arguments...)>(::dlsym(handle_.get(), name));
    return function == nullptr ? -1 : function(arguments...);
  }

 private:
  struct Close {
    void operator()(void* handle) const { ::dlclose(handle); }
  };
  std::unique_ptr<void, Close> handle_;
};

json list_devices(const Library& driver) {
  json devices = json::array();
  int number = 0;
  if (driver.call("cuInit", 0U) != 0 || driver.call("cuDeviceGetCount", &number) != 0) return devices;
  for (int index = 0; index < number; ++index) {
    int device = 0;
    std::array<char, 256> name = {};
    size_t bytes = 0;
    driver.call("cuDeviceGet", &device, index);
    driver.call("cuDeviceGetName", name.data(), static_cast<int>(name.size()), device);
    driver.call("cuDeviceTotalMem_v2", &bytes, device);
    devices.push_back({{"name", name.data()}, {"bytes", bytes}});
  }
  return devices;
}

/// NCCL's numbers: 2708 is 2.7.8, 22105 is 2.21.5.
std::string nccl_version(int number) {
  const int major = number < 10000 ? number / 1000 : number / 10000;
  const int minor = number < 10000 ? number / 100 % 10 : number / 100 % 100;
  return fmt::format("{}.{}.{}", major, minor, number % 100);
}

}  // namespace

json describe_gpus() {
  json facts = {{"driver", nullptr}, {"devices", json::array()}, {"nccl", nullptr}};
  const Library driver("libcuda.so.1");
  int version = 0;
  if (driver.call("cuDriverGetVersion", &version) == 0) {
    facts["driver"] = fmt::format("{}.{}", version / 1000, version % 1000 / 10);
    facts["devices"] = list_devices(driver);
  }
  const Library nccl("libnccl.so.2");
  if (nccl.call("ncclGetVersion", &version) == 0) facts["nccl"] = nccl_version(version);
  return facts;
}

}  // namespace gigahop::launch::doctor
