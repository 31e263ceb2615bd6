/// How much memory this machine has for us.
#pragma once

#include <cstdint>

namespace gigahop {

/// Bytes of the machine, or of this process's control group (v2) if that is less.
int64_t memory_of_host();

}  // namespace gigahop
