/// The timelines of all ranks in one file, in the JSON trace format that Perfetto (ui.perfetto.dev) and Chrome open.
///
/// A process of the file is a rank, its threads are those of the rank: the steps, the data pipeline, the writer of
/// checkpoints. Times count from a barrier at the start, so ranks on hosts with different clocks line up within the
/// time of a message.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/trace.h"
#include "comm/communicator.h"

namespace gigahop::train {

/// Spans of a rank that are kept: the recording of a rank stops there. 40 bytes each.
inline constexpr int64_t kMostTraceEvents = 500'000;

/// Memory that a timeline of so many steps takes at most: the recording, and at its end the texts of two ranks. Pure.
int64_t timeline_bytes(int64_t num_steps);

/// Records from its making; finish() writes the file. Does nothing where `file` is empty.
class TraceFile {
 public:
  /// Error{kData} on all ranks if the file cannot be written. Collective.
  TraceFile(const comm::Communicator& comm, std::filesystem::path file, int64_t max_events = kMostTraceEvents);

  /// Collective, outside of all spans. Memory: the text of this rank's events, about 100 bytes each, and on rank 0 that
  /// of one other rank. A disk that refuses the file is a warning.
  void finish();

 private:
  const comm::Communicator& comm_;
  std::filesystem::path file_;
};

}  // namespace gigahop::train
