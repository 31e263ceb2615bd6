#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "base/progress.h"

namespace gigahop {
namespace {

bool prints_info = true;

spdlog::logger& logger() {
  static const auto instance = [] {
    auto created = spdlog::stderr_color_mt("gigahop");
    created->set_pattern("%H:%M:%S %^%v%$");
    return created;
  }();
  return *instance;
}

}  // namespace

void configure_log(int rank, int num_ranks, LogLevel lowest) {
  prints_info = rank == 0;
  logger().set_pattern(num_ranks > 1 ? fmt::format("%H:%M:%S [rank {}/{}] %^%v%$", rank, num_ranks)
                                     : "%H:%M:%S %^%v%$");
  logger().set_level(lowest == LogLevel::kDebug  ? spdlog::level::debug
                     : lowest == LogLevel::kInfo ? spdlog::level::info
                                                 : spdlog::level::warn);
}

void log_line(LogLevel level, std::string_view text) {
  if (level == LogLevel::kInfo && !prints_info) return;
  clear_progress_line();
  switch (level) {
    case LogLevel::kDebug:
      logger().debug("{}", text);
      break;
    case LogLevel::kInfo:
      logger().info("{}", text);
      break;
    case LogLevel::kWarning:
      logger().warn("warning: {}", text);
      break;
  }
}

}  // namespace gigahop
