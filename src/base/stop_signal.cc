#include "base/stop_signal.h"

#include <pthread.h>
#include <unistd.h>

#include <string_view>

namespace gigahop {
namespace {

/// Ends the waiting.
int wake_up_signal() {
  return SIGRTMIN;
}

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

StopSignals::StopSignals(int exit_code) : exit_code_(exit_code) {
  sigemptyset(&awaited_);
  for (const int number : {SIGTERM, SIGUSR1, SIGINT}) {
    if (!is_ignored(number)) sigaddset(&awaited_, number);
  }
  sigaddset(&awaited_, wake_up_signal());
  pthread_sigmask(SIG_BLOCK, &awaited_, &blocked_before_);
  waiting_ = std::thread([this] { wait_for_signals(); });
}

StopSignals::~StopSignals() {
  pthread_kill(waiting_.native_handle(), wake_up_signal());
  waiting_.join();
  pthread_sigmask(SIG_SETMASK, &blocked_before_, nullptr);
}

void StopSignals::wait_for_signals() {
  int number = 0;
  while (sigwait(&awaited_, &number) == 0 && number != wake_up_signal()) react(number);
}

void StopSignals::react(int number) {
  const Reaction reaction = reaction_;
  if (reaction == Reaction::kDie) die_by(number);
  if (reaction == Reaction::kEnd || (number == SIGINT && is_interrupted_)) end_at_once(exit_code_);
  is_noted_ = true;
  if (number == SIGINT) is_interrupted_ = true;
}

}  // namespace gigahop
