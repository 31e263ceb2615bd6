/// Signals on threads whose stack pointer may be anywhere.
#pragma once

namespace gigahop {

/// From now on handlers that were installed with SA_ONSTACK run on a stack of their own in this thread, until it ends.
/// Where there is none the kernel writes a handler's frame, some kilobytes, below the stack pointer: into the heap,
/// while code runs that has put it there, as products of oneDNN do. Cost: a call for the first time in a thread, then
/// next to nothing.
void use_signal_stack();

}  // namespace gigahop
