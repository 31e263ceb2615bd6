#include "train/trace_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/exchange.h"

namespace gigahop::train {
namespace fs = std::filesystem;
namespace {

fs::path partial_of(const fs::path& file) {
  return file.string() + ".partial";
}

/// One rank's lines, without a comma after the last. Names need no escapes: they are ours.
std::string lines_of(const trace::Recording& recording, int rank) {
  std::string text = fmt::format(R"({{"ph":"M","name":"process_name","pid":{0},"args":{{"name":"rank {0}"}}}})", rank);
  for (size_t thread = 0; thread < recording.threads.size(); ++thread) {
    text += fmt::format(
        ",\n"
        R"({{"ph":"M","name":"thread_name","pid":{},"tid":{},"args":{{"name":"{}"}}}})",
        rank, thread, recording.threads[thread]);
  }
  for (const trace::Event& event : recording.events) {
    text += fmt::format(
        ",\n"
        R"({{"ph":"X","name":"{}","pid":{},"tid":{},"ts":{:.3f},"dur":{:.3f})",
        event.name, rank, event.thread, 1e-3 * static_cast<double>(event.begin_ns),
        1e-3 * static_cast<double>(event.end_ns - event.begin_ns));
    text += event.number < 0 ? "}" : fmt::format(R"(,"args":{{"number":{}}}}})", event.number);
  }
  return text;
}

/// The text of `from` on rank 0; nothing on other ranks. Collective.
comm::Received send_to_first(const comm::Communicator& comm, int from, const std::string& mine) {
  std::vector<std::span<const std::byte>> messages(static_cast<size_t>(comm.size()));
  if (comm.rank() == from) messages[0] = std::as_bytes(std::span(mine));
  return comm::all_to_all_bytes(comm, messages);
}

}  // namespace

int64_t timeline_bytes(int64_t num_steps) {
  constexpr int64_t kSpansPerStep = 16;
  constexpr int64_t kBytesOfLine = 100;
  return kMostTraceEvents * static_cast<int64_t>(sizeof(trace::Event)) +
         2 * kBytesOfLine * std::min(kMostTraceEvents, kSpansPerStep * num_steps);
}

TraceFile::TraceFile(const comm::Communicator& comm, fs::path file, int64_t max_events)
    : comm_(comm), file_(std::move(file)) {
  if (file_.empty()) return;
  comm::agree(comm_, [&] {
    if (comm_.rank() != 0) return;
    std::error_code ignored;
    if (file_.has_parent_path()) fs::create_directories(file_.parent_path(), ignored);
    if (std::ofstream(partial_of(file_)).is_open()) return;
    throw data_error(file_.string(), "a file that can be written", std::strerror(errno));
  });
  comm::barrier(comm_);
  trace::start(max_events);
}

void TraceFile::finish() {
  if (file_.empty()) return;
  const trace::Recording recording = trace::stop();
  if (recording.num_lost > 0) {
    log_warning("{}: the timeline of this rank stops after {} spans; {} more are not in it", file_.string(),
                recording.events.size(), recording.num_lost);
  }
  const std::string mine = lines_of(recording, comm_.rank());
  std::ofstream stream;
  if (comm_.rank() == 0) stream.open(partial_of(file_), std::ios::binary);
  stream << "{\"traceEvents\":[\n" << mine;
  for (int rank = 1; rank < comm_.size(); ++rank) {
    const comm::Received theirs = send_to_first(comm_, rank, mine);
    stream << ",\n";
    stream.write(reinterpret_cast<const char*>(theirs.bytes.data()), static_cast<std::streamsize>(theirs.bytes.size()));
  }
  stream << "\n],\"displayTimeUnit\":\"ms\"}\n";
  if (comm_.rank() != 0) return;
  stream.close();
  std::error_code error;
  if (stream.good()) fs::rename(partial_of(file_), file_, error);
  if (!stream.good() || error) {
    log_warning("{}: cannot write the timeline; what was trained stands", file_.string());
    fs::remove(partial_of(file_), error);
    return;
  }
  log_info("timeline of all ranks: {}, for ui.perfetto.dev", file_.string());
}

}  // namespace gigahop::train
