#include "base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/log.h"

namespace gigahop {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kBarWidth = 24;
std::atomic<bool> line_is_open = false;

bool is_terminal() {
  // mpirun forwards stderr through a pipe; launch/environment.sh says when there is a terminal at its other end.
  static const bool answer = isatty(STDERR_FILENO) == 1 || std::getenv("GIGAHOP_TERMINAL") != nullptr;
  return answer;
}

}  // namespace

void clear_progress_line() {
  if (!line_is_open.exchange(false)) return;
  std::fputs("\r\033[K", stderr);
}

Progress::Progress(std::string title, std::string unit, int64_t total, Visibility visibility)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      visible_(visibility == Visibility::kShown),
      start_(steady_clock::now()),
      next_show_(start_ + (is_terminal() ? milliseconds(200) : milliseconds(15000))) {}

Progress::~Progress() {
  if (!finished_) clear_progress_line();
}

void Progress::advance(int64_t count) {
  done_ += count;
  if (!visible_ || steady_clock::now() < next_show_) return;
  show();
  next_show_ = steady_clock::now() + (is_terminal() ? milliseconds(200) : milliseconds(15000));
}

void Progress::show() {
  const double elapsed = duration<double>(steady_clock::now() - start_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done_) / elapsed : 0;
  std::string text = fmt::format("{} {}", title_, with_commas(done_));
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
    const int filled = static_cast<int>(share * kBarWidth);
    const double left = rate > 0 ? static_cast<double>(total_ - done_) / rate : 0;
    text += fmt::format("/{} {} [{}{}] {:3.0f} %, {} left", with_commas(total_), unit_, std::string(filled, '#'),
                        std::string(kBarWidth - filled, '.'), share * 100, human_duration(left));
  } else {
    text += " " + unit_;
  }
  text += fmt::format(", {} {}/s", with_commas(static_cast<int64_t>(rate)), unit_);
  if (!note_.empty()) text += ", " + note_;
  if (is_terminal()) {
    fmt::print(stderr, "\r\033[K{}", text);
    std::fflush(stderr);
    line_is_open = true;
  } else {
    log_line(LogLevel::kInfo, text);
  }
}

void Progress::finish() {
  finished_ = true;
  if (!visible_) return;
  const double elapsed = duration<double>(steady_clock::now() - start_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done_) / elapsed : 0;
  log_info("{}: {} {} in {:.1f} s, {} {}/s", title_, with_commas(done_), unit_, elapsed,
           with_commas(static_cast<int64_t>(rate)), unit_);
}

std::string with_commas(int64_t number) {
  std::string digits = std::to_string(number);
  const int64_t first = number < 0 ? 1 : 0;
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > first; at -= 3)
    digits.insert(static_cast<size_t>(at), 1, ',');
  return digits;
}

std::string human_bytes(double bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string human_duration(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 120) return fmt::format("{} s", whole);
  if (whole < 7200) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace gigahop
