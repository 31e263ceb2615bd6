#include "base/activity.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

namespace gigahop {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kTime(600);

void compute_for(milliseconds time) {
  const auto start = steady_clock::now();
  while (steady_clock::now() - start < time) {
  }
}

/// How idle a process looks after `action`, to which it did nothing but sleep.
template <class Action>
double idle_after(const std::set<int32_t>& quiet, const Action& action) {
  ActivityMeter meter;
  meter.look(quiet);
  std::this_thread::sleep_for(kTime);
  meter.look(quiet);
  action();
  meter.look(quiet);
  return meter.idle_seconds();
}

TEST(Activity, a_process_that_sleeps_is_idle) {
  EXPECT_GT(idle_after({}, [] { std::this_thread::sleep_for(kTime); }), 0.9);
}

TEST(Activity, one_that_computes_is_not) {
  EXPECT_EQ(idle_after({}, [] { compute_for(kTime); }), 0);
}

TEST(Activity, one_that_reads_is_not) {
  EXPECT_EQ(idle_after({},
                       [] {
                         std::this_thread::sleep_for(kTime);
                         std::ifstream zeros("/dev/zero", std::ios::binary);
                         std::vector<char> bytes(1 << 20);
                         zeros.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
                       }),
            0);
}

TEST(Activity, what_quiet_threads_compute_does_not_count) {
  EXPECT_GT(idle_after({this_thread_id()}, [] { compute_for(kTime); }), 0.9);
}

}  // namespace
}  // namespace gigahop
