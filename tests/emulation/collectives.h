/// What the emulation of NCCL offers besides NCCL's own functions.
#pragma once

namespace emulation {

/// Runs the collective that was queued first and what its stream has before it, if one is queued and this is the thread
/// that uses the device.
void run_next_collective();

}  // namespace emulation
