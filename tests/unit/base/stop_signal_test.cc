#include "base/stop_signal.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace gigahop {
namespace {

constexpr int kExitCode = 75;
using Reaction = StopSignals::Reaction;

TEST(StopSignals, end_the_process_at_once_where_nothing_can_be_saved) {
  for (const int number : {SIGTERM, SIGUSR1, SIGINT}) {
    EXPECT_EXIT(
        {
          const StopSignals signals(kExitCode);
          std::raise(number);
        },
        testing::ExitedWithCode(kExitCode), "told to stop");
  }
}

TEST(StopSignals, are_noted_where_work_is_under_way) {
  for (const int number : {SIGTERM, SIGUSR1, SIGINT}) {
    StopSignals signals(kExitCode);
    signals.react_by(Reaction::kNote);
    EXPECT_FALSE(signals.is_stop_wanted());
    std::raise(number);
    EXPECT_TRUE(signals.is_stop_wanted());
    signals.react_by(Reaction::kEnd);
    EXPECT_TRUE(signals.is_stop_wanted()) << "what was noted stays";
  }
}

TEST(StopSignals, a_second_interrupt_ends_the_process_and_a_second_of_another_kind_does_not) {
  EXPECT_EXIT(
      {
        StopSignals signals(kExitCode);
        signals.react_by(Reaction::kNote);
        std::raise(SIGTERM);
        std::raise(SIGTERM);
        std::raise(SIGINT);
        if (!signals.is_stop_wanted()) _exit(1);
        std::raise(SIGINT);
      },
      testing::ExitedWithCode(kExitCode), "told to stop");
}

TEST(StopSignals, react_again_as_before_when_it_is_over) {
  EXPECT_EXIT(
      {
        { const StopSignals signals(kExitCode); }
        std::raise(SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
}

TEST(StopSignals, that_were_ignored_stay_ignored) {
  EXPECT_EXIT(
      {
        std::signal(SIGTERM, SIG_IGN);
        const StopSignals signals(kExitCode);
        std::raise(SIGTERM);
        _exit(3);
      },
      testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace gigahop
