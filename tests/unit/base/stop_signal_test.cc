#include "base/stop_signal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

namespace gigahop {
namespace {

constexpr int kExitCode = 75;
constexpr int kDone = 3;  // of a test's process
using Reaction = StopSignals::Reaction;

/// As another process does.
void send(int number) {
  kill(getpid(), number);
}

/// Ends the process with another code if it does not come.
void wait_for(const std::function<bool()>& moment) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!moment()) {
    if (std::chrono::steady_clock::now() > deadline) _exit(1);
    std::this_thread::yield();
  }
}

void wait_for_end() {
  wait_for([] { return false; });
}

bool is_pending(int number) {
  sigset_t pending = {};
  sigpending(&pending);
  return sigismember(&pending, number) == 1;
}

void send_and_wait(const StopSignals& signals, int number) {
  send(number);
  wait_for([&] { return !is_pending(number) && signals.is_stop_wanted(); });
}

TEST(StopSignals, end_the_process_as_any_other_at_first) {
  for (const int number : {SIGTERM, SIGUSR1, SIGINT}) {
    EXPECT_EXIT(
        {
          const StopSignals signals(kExitCode);
          send(number);
          wait_for_end();
        },
        testing::KilledBySignal(number), "");
  }
}

TEST(StopSignals, end_the_process_at_once_where_nothing_can_be_saved) {
  for (const int number : {SIGTERM, SIGUSR1, SIGINT}) {
    EXPECT_EXIT(
        {
          StopSignals signals(kExitCode);
          signals.react_by(Reaction::kEnd);
          send(number);
          wait_for_end();
        },
        testing::ExitedWithCode(kExitCode), "told to stop");
  }
}

TEST(StopSignals, are_noted_where_work_is_under_way) {
  for (const int number : {SIGTERM, SIGUSR1, SIGINT}) {
    EXPECT_EXIT(
        {
          StopSignals signals(kExitCode);
          signals.react_by(Reaction::kNote);
          if (signals.is_stop_wanted()) _exit(1);
          send_and_wait(signals, number);
          signals.react_by(Reaction::kEnd);
          _exit(signals.is_stop_wanted() ? kDone : 1);
        },
        testing::ExitedWithCode(kDone), "");
  }
}

TEST(StopSignals, a_second_of_another_kind_than_an_interrupt_is_like_the_first) {
  EXPECT_EXIT(
      {
        StopSignals signals(kExitCode);
        signals.react_by(Reaction::kNote);
        for (const int number : {SIGTERM, SIGTERM, SIGUSR1, SIGUSR1, SIGINT}) send_and_wait(signals, number);
        _exit(kDone);
      },
      testing::ExitedWithCode(kDone), "");
}

TEST(StopSignals, a_second_interrupt_ends_the_process) {
  EXPECT_EXIT(
      {
        StopSignals signals(kExitCode);
        signals.react_by(Reaction::kNote);
        send_and_wait(signals, SIGINT);
        send(SIGINT);
        wait_for_end();
      },
      testing::ExitedWithCode(kExitCode), "told to stop");
}

TEST(StopSignals, that_were_ignored_stay_ignored) {
  EXPECT_EXIT(
      {
        std::signal(SIGINT, SIG_IGN);
        StopSignals signals(kExitCode);
        signals.react_by(Reaction::kNote);
        std::signal(SIGINT, [](int) { _exit(1); });
        send(SIGINT);
        wait_for([] { return !is_pending(SIGINT); });
        send(SIGINT);
        send_and_wait(signals, SIGUSR1);  // of several the one with the lowest number is taken first
        _exit(is_pending(SIGINT) ? 1 : kDone);
      },
      testing::ExitedWithCode(kDone), "");
}

TEST(StopSignals, reach_no_handler_of_a_library) {
  EXPECT_EXIT(
      {
        StopSignals signals(kExitCode);
        signals.react_by(Reaction::kNote);
        std::signal(SIGTERM, [](int) { _exit(1); });
        send_and_wait(signals, SIGTERM);
        _exit(kDone);
      },
      testing::ExitedWithCode(kDone), "");
}

}  // namespace
}  // namespace gigahop
