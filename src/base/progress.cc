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

/// Between two looks at a bar, and between two lines where there is no terminal.
steady_clock::duration pause() {
  return is_on_terminal() ? milliseconds(200) : milliseconds(15000);
}

std::string rate_text(double rate) {
  return rate < 10 ? fmt::format("{:.1f}", rate) : with_commas(std::llround(rate));
}

}  // namespace

bool is_on_terminal() {
  // mpirun forwards stderr through a pipe; launch/environment.sh says when there is a terminal at its other end.
  static const bool answer = isatty(STDERR_FILENO) == 1 || std::getenv("GIGAHOP_TERMINAL") != nullptr;
  return answer;
}

void show_progress_line(std::string_view text) {
  // Without wrapping: a line that is too wide would leave its beginning behind at the next one.
  fmt::print(stderr, "\r\033[K\033[?7l{}\033[?7h", text);
  std::fflush(stderr);
  line_is_open = true;
}

void clear_progress_line() {
  if (!line_is_open.exchange(false)) return;
  std::fputs("\r\033[K", stderr);
}

double ProgressState::rate() const {
  return seconds > 0 ? static_cast<double>(done - before) / seconds : 0;
}

std::string progress_text(const ProgressState& state) {
  const double rate = state.rate();
  std::string text = fmt::format("{} {}", state.title, with_commas(state.done));
  if (state.total > 0) {
    const double share = std::clamp(static_cast<double>(state.done) / static_cast<double>(state.total), 0.0, 1.0);
    const int filled = static_cast<int>(share * kBarWidth);
    text += fmt::format("/{} {} [{}{}] {:3.0f} %", with_commas(state.total), state.unit, std::string(filled, '#'),
                        std::string(kBarWidth - filled, '.'), share * 100);
    if (rate > 0 && state.done < state.total) {
      text += fmt::format(", {} left", human_duration(static_cast<double>(state.total - state.done) / rate));
    }
  } else {
    text += " " + state.unit;
  }
  if (rate > 0) text += fmt::format(", {} {}/s", rate_text(rate), state.unit);
  if (!state.note.empty()) text += ", " + state.note;
  return text;
}

Progress::Progress(std::string title, std::string unit, int64_t total, Visibility visibility, int64_t before)
    : state_{.title = std::move(title),
             .unit = std::move(unit),
             .done = before,
             .total = total,
             .before = before,
             .note = {}},
      visible_(visibility == Visibility::kShown),
      start_(steady_clock::now()),
      next_show_(start_ + pause()) {}

Progress::~Progress() {
  if (!finished_) clear_progress_line();
}

void Progress::advance(int64_t count) {
  state_.done += count;
  if (!visible_ || steady_clock::now() < next_show_) return;
  show();
}

void Progress::refresh() {
  if (visible_ && is_on_terminal()) show();
}

void Progress::measure() {
  state_.seconds = duration<double>(steady_clock::now() - start_).count();
}

void Progress::show() {
  measure();
  if (is_on_terminal()) {
    show_progress_line(progress_text(state_));
  } else {
    log_line(LogLevel::kInfo, progress_text(state_));
  }
  next_show_ = steady_clock::now() + pause();
}

void Progress::finish() {
  finished_ = true;
  if (!visible_) return;
  measure();
  log_info("{}: {} {} in {:.1f} s, {} {}/s", state_.title, with_commas(state_.done), state_.unit, state_.seconds,
           rate_text(state_.rate()), state_.unit);
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
