#include "base/stop_signal.h"

namespace gigahop {
namespace {

volatile std::sig_atomic_t stop_wanted = 0;

void note(int) {
  stop_wanted = 1;
}

constexpr std::array kSignals = {SIGTERM, SIGUSR1, SIGINT};

}  // namespace

StopSignals::StopSignals() {
  stop_wanted = 0;
  for (size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler == SIG_IGN) continue;
    struct sigaction noting = {};
    noting.sa_handler = note;
    noting.sa_flags = SA_RESTART;
    // After the first SIGINT the second does what it always does.
    if (kSignals[i] == SIGINT) noting.sa_flags |= static_cast<int>(SA_RESETHAND);
    ::sigaction(kSignals[i], &noting, nullptr);
  }
}

StopSignals::~StopSignals() {
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
}

bool StopSignals::is_stop_wanted() const {
  return stop_wanted != 0;
}

}  // namespace gigahop
