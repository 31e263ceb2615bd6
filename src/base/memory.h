/// How much memory this machine has for us.
#pragma once

#include <cstdint>

namespace gigahop {

/// Bytes of the machine, or of this process's control group (v2) if that is less.
int64_t memory_of_host();

/// Bytes that this process holds now: its own pages and those it shares with processes of its host, without pages of
/// files. 0 where the system does not tell.
int64_t own_memory();

/// The most memory this process has held since it began or since the last reset, mapped pages that it touched included.
/// 0 where the system does not tell.
int64_t peak_memory();

/// Lets peak_memory() count anew from what is held now; without effect where the system does not allow it.
void reset_peak_memory();

/// Gives freed memory that the allocator keeps back to the system; for the end of phases that freed much.
void release_freed_memory();

/// While one of these lives, buffers of a megabyte and more have pages of their own, which go back to the system when
/// they are freed: for phases whose large buffers come and go in sizes that do not fit each other's holes.
class LargeBuffersApart {
 public:
  LargeBuffersApart();
  ~LargeBuffersApart();
  LargeBuffersApart(const LargeBuffersApart&) = delete;
  LargeBuffersApart& operator=(const LargeBuffersApart&) = delete;
};

}  // namespace gigahop
