#include "emulation/shared_memory.h"

#include <cstring>
#include <string_view>

#include <link.h>

#include "emulation/sanitizers.h"

alignas(128) constinit thread_local unsigned char dyn_smem[emulation::kMaxDynamicShared]{};

namespace emulation {
namespace {

int fill_thread_local_image(dl_phdr_info* info, size_t, void*) {
  const std::string_view path = info->dlpi_name;
  const std::string_view file = path.substr(path.rfind('/') + 1);
  if (info->dlpi_tls_data == nullptr || !file.starts_with("libemulated_")) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    if (info->dlpi_phdr[i].p_type == PT_TLS) std::memset(info->dlpi_tls_data, 0xff, info->dlpi_phdr[i].p_memsz);
  }
  return 0;
}

}  // namespace

void open_shared_memory(size_t dynamic_bytes) {
  dl_iterate_phdr(fill_thread_local_image, nullptr);
  asan::allow(dyn_smem, sizeof dyn_smem);
  std::memset(dyn_smem, 0xff, dynamic_bytes);
  asan::forbid(dyn_smem + dynamic_bytes, sizeof dyn_smem - dynamic_bytes);
}

void close_shared_memory() {
  asan::allow(dyn_smem, sizeof dyn_smem);
}

}  // namespace emulation
