/// Found before the toolkit's header of this name where .cu files are compiled as C++ for the emulation.
///
/// Types, enumerations and prototypes are the toolkit's own, from its headers for host compilers; what a host compiler
/// lacks (threads, barriers, warp operations, atomics, launches) is the emulation's.
#pragma once

#include <cuda_runtime_api.h>
#include <vector_functions.h>
#include <vector_types.h>

#include "emulation/atomics.h"
#include "emulation/intrinsics.h"
#include "emulation/launch.h"
#include "emulation/threads.h"
