// What the main thread is in, whether or not a timeline is recorded.
#include "base/trace.h"

#include <gtest/gtest.h>

#include <thread>

namespace gigahop::trace {
namespace {

TEST(MainThreadIsIn, the_innermost_span_of_work) {
  EXPECT_EQ(main_thread_is_in(), nullptr);
  {
    const Span outer("outer");
    EXPECT_STREQ(main_thread_is_in(), "outer");
    {
      const Span inner("inner");
      EXPECT_STREQ(main_thread_is_in(), "inner");
      const Span wait("wait", -1, Span::Kind::kWait);
      EXPECT_STREQ(main_thread_is_in(), "inner");
    }
    EXPECT_STREQ(main_thread_is_in(), "outer");
  }
  EXPECT_EQ(main_thread_is_in(), nullptr);
}

TEST(MainThreadIsIn, what_other_threads_see_and_do_not_change) {
  const Span work("work");
  std::thread([] {
    const Span other("other");
    EXPECT_STREQ(main_thread_is_in(), "work");
  }).join();
  EXPECT_STREQ(main_thread_is_in(), "work");
}

TEST(MainThreadIsIn, the_same_where_a_timeline_begins_and_ends_within) {
  const Span work("work");
  start(10);
  { const Span recorded("recorded"); }
  EXPECT_STREQ(main_thread_is_in(), "work");
  const Recording recording = stop();
  ASSERT_EQ(recording.events.size(), 1U);
  EXPECT_STREQ(recording.events[0].name, "recorded");
  EXPECT_STREQ(main_thread_is_in(), "work");
}

}  // namespace
}  // namespace gigahop::trace
