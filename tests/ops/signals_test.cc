/// Signals that come in the middle of products, as those of a scheduler do.
#include <unistd.h>

#include <ctime>

#include "base/stop_signal.h"
#include "ops/product.h"
#include "ops/support.h"

namespace gigahop::ops {
namespace {

/// Sends the process a signal every 50 microseconds.
class Signals {
 public:
  explicit Signals(int number) {
    struct sigevent event = {};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = number;
    constexpr timespec kInterval = {.tv_sec = 0, .tv_nsec = 50'000};
    const itimerspec times = {.it_interval = kInterval, .it_value = kInterval};
    EXPECT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer_), 0);
    EXPECT_EQ(timer_settime(timer_, 0, &times, nullptr), 0);
  }
  ~Signals() { timer_delete(timer_); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  timer_t timer_ = {};
};

/// Ends the process.
void multiply_while_signals_come() {
  StopSignals stop(75);
  stop.react_by(StopSignals::Reaction::kNote);
  Cpu dev{.num_threads = 1};
  const auto a = random_matrix<Cpu>(16, 1000, 1);
  const auto b = random_matrix<Cpu>(1000, 32, 2);
  Matrix<float> expected(16, 32);
  product(dev, Transpose::kNo, Transpose::kNo, 1.0F, a.view(), b.view(), 0.0F, expected.view());
  const Signals signals(SIGUSR1);
  for (int i = 0; i < 5000; ++i) {
    Matrix<float> c(16, 32);
    product(dev, Transpose::kNo, Transpose::kNo, 1.0F, a.view(), b.view(), 0.0F, c.view());
    if (!std::equal(c.data(), c.data() + 16 * 32, expected.data())) _exit(1);
  }
  _exit(stop.is_stop_wanted() ? 0 : 2);
}

/// oneDNN has the stack pointer in the heap in the middle of a product.
TEST(Product, leaves_the_heap_whole_where_signals_interrupt_it) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a process of its own, in which no thread is older than StopSignals
  EXPECT_EXIT(multiply_while_signals_come(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace gigahop::ops
