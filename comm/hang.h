/// From what ranks tell of themselves to who keeps the others waiting. Pure; comm/watchdog.h collects it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gigahop::comm {

/// What a rank says of itself.
struct RankStatus {
  std::array<char, 24> phase = {};  // that its longest wait is for, else what its main thread is in
  double waiting_seconds = -1;      // of its longest wait for other ranks; negative: it waits for none
  double idle_seconds = 0;          // since it last computed, read or wrote (base/activity.h)
  int64_t step = -1;                // of training, as it was last noted; negative: none

  bool is_waiting() const { return waiting_seconds >= 0; }
};

/// A status as a neighbour last heard it.
struct HeardStatus {
  RankStatus status;
  double seconds_ago = 0;
};

struct RankReport {
  std::string host;
  std::optional<RankStatus> answer;   // to the question just asked
  std::optional<HeardStatus> before;  // for ranks that did not answer
};

/// What a rank knows when it has given up hope.
struct Hang {
  std::string explanation;  // one line
  std::string state;        // describe_ranks()
};

/// What each rank was last at, a line for each: its answer, or when and where it was last heard of. Pure.
std::string describe_ranks(const std::vector<RankReport>& ranks);

/// Why the ranks [R] will wait for ever, in words that name the ranks in the way; nothing while there is hope:
///   a rank that does not answer is stopped, dead or cut off;
///   a rank that answers, waits for nobody and has done nothing for half the deadline is stuck;
///   ranks that all wait, each for half the deadline or longer, wait for each other;
///   a rank that computes, reads or writes is waited for, however long.
std::optional<std::string> explain_hang(const std::vector<RankReport>& ranks, double deadline_seconds);

}  // namespace gigahop::comm
