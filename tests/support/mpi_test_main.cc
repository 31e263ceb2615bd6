/// main() of the tests that run under mpirun: a failure on any rank fails all of them. Use EXPECT_* only: an ASSERT
/// that returns early on one rank would leave the others waiting.
#include <gtest/gtest.h>

#include "comm/collectives.h"
#include "comm/communicator.h"

#ifdef __SANITIZE_ADDRESS__
/// What Open MPI has loaded stays, so that reports of leaks name the library that the suppressions go by.
extern "C" int dlclose(void*) {
  return 0;
}
#endif

int main(int argc, char** argv) {
  gigahop::comm::Environment environment(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  const gigahop::comm::Communicator world = gigahop::comm::Communicator::world();
  if (world.rank() != 0) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
  }
  const int failed = RUN_ALL_TESTS();
  return gigahop::comm::max_over_ranks(world, static_cast<int64_t>(failed)) == 0 ? 0 : 1;
}
