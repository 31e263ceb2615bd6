/// A progress bar with rate and time left on a terminal; without one, a plain line now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

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
  /// Ends the bar with one line: title, count, seconds, rate.
  void finish();

 private:
  void show();

  std::string title_;
  std::string unit_;
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

}  // namespace gigahop
