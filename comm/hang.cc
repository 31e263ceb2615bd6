#include "comm/hang.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gigahop::comm {
namespace {

std::string phase_of(const RankStatus& status) {
  const std::string step = status.step < 0 ? "" : fmt::format(" of step {}", status.step);
  if (status.phase[0] == '\0') return "no named phase" + step;
  return fmt::format("phase \"{}\"{}", status.phase.data(), step);
}

std::string describe_missing(size_t rank, const RankReport& report) {
  std::string text = fmt::format("rank {} on {} does not answer", rank, report.host);
  if (!report.before.has_value()) return text + " and was never heard of";
  const auto& [status, seconds_ago] = *report.before;
  return text + fmt::format(", last heard of {:.0f} s ago in {}", seconds_ago, phase_of(status));
}

std::string describe_stuck(size_t rank, const RankReport& report) {
  return fmt::format("rank {} on {} has neither computed nor read or written for {:.0f} s, in {}", rank, report.host,
                     report.answer->idle_seconds, phase_of(*report.answer));
}

std::string describe_waiting(size_t rank, const RankReport& report) {
  return fmt::format("rank {} for {:.0f} s in {}", rank, report.answer->waiting_seconds, phase_of(*report.answer));
}

std::string describe_answer(size_t rank, const RankReport& report) {
  const RankStatus& status = *report.answer;
  const std::string waits =
      status.is_waiting() ? fmt::format("waits for {:.0f} s", status.waiting_seconds) : "waits for nobody";
  return fmt::format("rank {} on {} {}, in {}; computed, read or wrote {:.0f} s ago", rank, report.host, waits,
                     phase_of(status), status.idle_seconds);
}

/// What `describe` says of the ranks for which `holds`.
template <class Holds, class Describe>
std::vector<std::string> describe_where(const std::vector<RankReport>& ranks, const Holds& holds,
                                        const Describe& describe) {
  std::vector<std::string> lines;
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    if (holds(ranks[rank])) lines.push_back(describe(rank, ranks[rank]));
  }
  return lines;
}

}  // namespace

std::string describe_ranks(const std::vector<RankReport>& ranks) {
  std::string text;
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    const RankReport& report = ranks[rank];
    text += report.answer.has_value() ? describe_answer(rank, report) : describe_missing(rank, report);
    text += '\n';
  }
  return text;
}

std::optional<std::string> explain_hang(const std::vector<RankReport>& ranks, double deadline_seconds) {
  const double long_time = deadline_seconds / 2;
  const auto is_missing = [](const RankReport& report) { return !report.answer.has_value(); };
  const auto is_stuck = [&](const RankReport& report) {
    return !report.answer->is_waiting() && report.answer->idle_seconds >= long_time;
  };
  const auto is_waiting = [&](const RankReport& report) { return report.answer->waiting_seconds >= long_time; };
  if (const auto missing = describe_where(ranks, is_missing, describe_missing); !missing.empty()) {
    return fmt::format("{}: stopped, dead or cut off", fmt::join(missing, "; "));
  }
  if (const auto stuck = describe_where(ranks, is_stuck, describe_stuck); !stuck.empty()) {
    return fmt::format("{}", fmt::join(stuck, "; "));
  }
  if (const auto waiting = describe_where(ranks, is_waiting, describe_waiting); waiting.size() == ranks.size()) {
    return fmt::format("all ranks wait for each other: {}", fmt::join(waiting, "; "));
  }
  return std::nullopt;
}

}  // namespace gigahop::comm
