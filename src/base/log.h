/// The log: one line per event on stderr, prefixed with time and rank. Results go to stdout, never here.
#pragma once

#include <string_view>

#include <fmt/format.h>

namespace gigahop {

enum class LogLevel { kDebug, kInfo, kWarning };

/// Called once at start: which rank this process is, and whether debug lines are wanted. Rank 0 alone prints info
/// lines.
void configure_log(int rank, int num_ranks, LogLevel lowest);

void log_line(LogLevel level, std::string_view text);

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}

/// Printed by every rank.
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace gigahop
