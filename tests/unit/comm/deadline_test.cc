#include "comm/deadline.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace gigahop::comm {
namespace {

using std::chrono::milliseconds;

TEST(Deadline, that_passes_ends_the_process_and_says_what_took_too_long) {
  EXPECT_EXIT(
      {
        const Deadline deadline(milliseconds(20), "MPI_Finalize");
        pause();
      },
      testing::ExitedWithCode(4), "comm: MPI_Finalize has not ended within 0.02 s");
}

TEST(Deadline, that_is_kept_leaves_no_trace) {
  EXPECT_EXIT(
      {
        { const Deadline deadline(milliseconds(20), "MPI_Finalize"); }
        std::this_thread::sleep_for(milliseconds(60));
        _exit(0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace gigahop::comm
