/// Where the time of steps goes: each piece is a span of the timeline, and is summed up.
#pragma once

#include <chrono>

#include "base/trace.h"

namespace gigahop::train {

/// As the host sees it: on a GPU the time to queue a piece; the wait for all of them at the end of a step is in none.
struct StepSeconds {
  double forward = 0;
  double backward = 0;
  double synchronise = 0;
  double update = 0;
};

/// Adds its life to `seconds`.
class TimedPiece {
 public:
  /// name: of static storage.
  TimedPiece(const char* name, double& seconds) : span_(name), seconds_(seconds) {}
  ~TimedPiece() { seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(); }
  TimedPiece(const TimedPiece&) = delete;
  TimedPiece& operator=(const TimedPiece&) = delete;

 private:
  trace::Span span_;
  double& seconds_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace gigahop::train
