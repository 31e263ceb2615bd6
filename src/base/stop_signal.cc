#include "base/stop_signal.h"

#include <csignal>

namespace gigahop {
namespace {

volatile std::sig_atomic_t stop_wanted = 0;

void note(int number) {
  stop_wanted = 1;
  if (number == SIGINT) std::signal(SIGINT, SIG_DFL);
}

constexpr int kSignals[] = {SIGTERM, SIGUSR1, SIGINT};

}  // namespace

StopSignals::StopSignals() {
  stop_wanted = 0;
  for (const int number : kSignals) std::signal(number, note);
}

StopSignals::~StopSignals() {
  for (const int number : kSignals) std::signal(number, SIG_DFL);
}

bool StopSignals::is_stop_wanted() const {
  return stop_wanted != 0;
}

}  // namespace gigahop
