/// A progress bar with rate and time left on a terminal; without one, a plain line now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace gigahop {

/// How far something is.
struct ProgressState {
  std::string title;
  std::string unit;
  int64_t done = 0;
  int64_t total = 0;   // 0: not known beforehand
  int64_t before = 0;  // of those done, when `seconds` began
  double seconds = 0;
  std::string note;

  /// Units a second; 0 where that cannot be told yet.
  double rate() const;
};
/// "epoch 3/10 120/400 steps [#######.................]  30 %, 41 s left, 6.8 steps/s, loss 0.4312". Pure.
std::string progress_text(const ProgressState& state);

class Progress {
 public:
  /// total, before: as above. Only the rank that reports should make one; `kQuiet` makes it do nothing.
  enum class Visibility { kShown, kQuiet };
  Progress(std::string title, std::string unit, int64_t total, Visibility visibility = Visibility::kShown,
           int64_t before = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(int64_t count);
  /// Stands at the end of the bar from now on: "loss 0.4312".
  void note(std::string text) { state_.note = std::move(text); }
  /// On a terminal: as it is now, without waiting for the next time.
  void refresh();
  /// Ends the bar with one line: title, count, seconds, rate.
  void finish();

 private:
  void show();
  void measure();

  ProgressState state_;
  bool visible_;
  bool finished_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point next_show_;
};

/// Whether people read stderr on a terminal, also through mpirun.
bool is_on_terminal();
/// On the terminal's line for bars, in place of what stood there; cut off where the terminal ends.
void show_progress_line(std::string_view text);
/// Wipes the bar of a terminal so that a log line can take its place.
void clear_progress_line();

/// "1,234,567" and "3.4 GiB", for people.
std::string with_commas(int64_t number);
std::string human_bytes(double bytes);
/// "2 h 5 min", "41 s", "0.8 s".
std::string human_duration(double seconds);

}  // namespace gigahop
