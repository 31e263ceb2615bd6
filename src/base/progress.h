/// A progress bar with rate and time left on a terminal; without one, a plain line now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace gigahop {

class Progress {
 public:
  /// total 0: not known beforehand. Only the rank that reports should make one; `kQuiet` makes it do nothing.
  enum class Visibility { kShown, kQuiet };
  Progress(std::string title, std::string unit, int64_t total, Visibility visibility = Visibility::kShown);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(int64_t count);
  /// Stands at the end of the bar from now on: "loss 0.4312".
  void note(std::string text) { note_ = std::move(text); }
  /// Ends the bar with one line: title, count, seconds, rate.
  void finish();

 private:
  void show();

  std::string title_;
  std::string unit_;
  std::string note_;
  int64_t total_;
  int64_t done_ = 0;
  bool visible_;
  bool finished_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point next_show_;
};

/// Wipes the bar of a terminal so that a log line can take its place.
void clear_progress_line();

/// "1,234,567" and "3.4 GiB", for people.
std::string with_commas(int64_t number);
std::string human_bytes(double bytes);
/// "2 h 5 min", "41 s", "0.8 s".
std::string human_duration(double seconds);

}  // namespace gigahop
