#include "base/stop_signal.h"

#include <unistd.h>

#include <string_view>

namespace gigahop {
namespace {

volatile std::sig_atomic_t exit_code_of_stop = 0;
volatile std::sig_atomic_t is_noting = 0;
volatile std::sig_atomic_t stop_noted = 0;
volatile std::sig_atomic_t interrupt_noted = 0;

void react(int number) {
  if (is_noting == 0 || (number == SIGINT && interrupt_noted != 0)) {
    constexpr std::string_view kWords = "told to stop, at once: the same command goes on from what is on disk\n";
    if (::write(STDERR_FILENO, kWords.data(), kWords.size()) < 0) ::_exit(exit_code_of_stop);
    ::_exit(exit_code_of_stop);
  }
  stop_noted = 1;
  if (number == SIGINT) interrupt_noted = 1;
}

constexpr std::array kSignals = {SIGTERM, SIGUSR1, SIGINT};

}  // namespace

StopSignals::StopSignals(int exit_code) {
  exit_code_of_stop = exit_code;
  is_noting = 0;
  stop_noted = 0;
  interrupt_noted = 0;
  for (size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler == SIG_IGN) continue;
    struct sigaction reacting = {};
    reacting.sa_handler = react;
    reacting.sa_flags = SA_RESTART | SA_ONSTACK;  // base/signal_stack.h
    ::sigaction(kSignals[i], &reacting, nullptr);
  }
}

StopSignals::~StopSignals() {
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
}

void StopSignals::react_by(Reaction reaction) {
  is_noting = reaction == Reaction::kNote ? 1 : 0;
}

bool StopSignals::is_stop_wanted() const {
  return stop_noted != 0;
}

}  // namespace gigahop
