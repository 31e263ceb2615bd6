#include "base/stop_signal.h"

#include <pthread.h>
#include <unistd.h>

#include <string_view>
#include <thread>

#include "base/error.h"

namespace gigahop {
namespace {

bool is_ignored(int number) {
  struct sigaction action = {};
  ::sigaction(number, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

[[noreturn]] void end_at_once(int exit_code) {
  constexpr std::string_view kWords = "told to stop, at once: the same command goes on from what is on disk\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kWords.data(), kWords.size());
  ::_exit(exit_code);
}

[[noreturn]] void die_by(int number) {
  std::signal(number, SIG_DFL);
  sigset_t only = {};
  sigemptyset(&only);
  sigaddset(&only, number);
  pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  std::raise(number);
  ::_exit(128 + number);  // as a shell counts it
}

}  // namespace

StopSignals::StopSignals(int exit_code) : state_(std::make_shared<State>()) {
  state_->exit_code = exit_code;
  sigemptyset(&state_->awaited);
  sigemptyset(&state_->ignored);
  for (const int number : {SIGTERM, SIGUSR1, SIGINT}) {
    sigaddset(&state_->awaited, number);
    if (is_ignored(number)) sigaddset(&state_->ignored, number);
  }
  require(pthread_sigmask(SIG_BLOCK, &state_->awaited, nullptr) == 0, "signals can be blocked");
  std::thread([state = state_] {
    int number = 0;
    while (sigwait(&state->awaited, &number) == 0) state->react(number);
  }).detach();
}

void StopSignals::State::react(int number) {
  if (sigismember(&ignored, number) == 1) return;
  const Reaction chosen = reaction;
  if (chosen == Reaction::kDie) die_by(number);
  if (chosen == Reaction::kEnd || (number == SIGINT && is_interrupted)) end_at_once(exit_code);
  is_noted = true;
  if (number == SIGINT) is_interrupted = true;
}

}  // namespace gigahop
