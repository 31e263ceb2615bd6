#include "base/stop_signal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <functional>

namespace gigahop {
namespace {

constexpr int kExitCode = 75;
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
    StopSignals signals(kExitCode);
    signals.react_by(Reaction::kNote);
    EXPECT_FALSE(signals.is_stop_wanted());
    send_and_wait(signals, number);
    signals.react_by(Reaction::kEnd);
    EXPECT_TRUE(signals.is_stop_wanted()) << "what was noted stays";
  }
}

TEST(StopSignals, a_second_of_another_kind_than_an_interrupt_is_like_the_first) {
  StopSignals signals(kExitCode);
  signals.react_by(Reaction::kNote);
  for (int i = 0; i < 3; ++i) {
    for (const int number : {SIGTERM, SIGUSR1}) send_and_wait(signals, number);
  }
  send_and_wait(signals, SIGINT);
}

TEST(StopSignals, a_second_interrupt_ends_the_process) {
  EXPECT_EXIT(
      {
        StopSignals signals(kExitCode);
        signals.react_by(Reaction::kNote);
        send_and_wait(signals, SIGINT);
        while (true) send(SIGINT);  // those that come before the first is taken are one with it
      },
      testing::ExitedWithCode(kExitCode), "told to stop");
}

TEST(StopSignals, have_their_effect_of_before_when_it_is_over) {
  EXPECT_EXIT(
      {
        { const StopSignals signals(kExitCode); }
        send(SIGTERM);
        wait_for_end();
      },
      testing::KilledBySignal(SIGTERM), "");
}

TEST(StopSignals, that_were_ignored_stay_ignored) {
  EXPECT_EXIT(
      {
        std::signal(SIGTERM, SIG_IGN);
        StopSignals signals(kExitCode);
        signals.react_by(Reaction::kNote);
        send(SIGTERM);
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        if (signals.is_stop_wanted()) _exit(1);
        send_and_wait(signals, SIGUSR1);
        _exit(3);
      },
      testing::ExitedWithCode(3), "");
}

TEST(StopSignals, reach_no_handler_of_a_library) {
  EXPECT_EXIT(
      {
        StopSignals signals(kExitCode);
        signals.react_by(Reaction::kNote);
        std::signal(SIGTERM, [](int) { _exit(1); });
        send_and_wait(signals, SIGTERM);
        _exit(3);
      },
      testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace gigahop
