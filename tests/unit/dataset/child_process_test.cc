#include "dataset/child_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

namespace gigahop::dataset {
namespace {

TEST(ChildProcess, that_is_no_longer_read_is_ended_though_SIGTERM_is_blocked) {
  sigset_t only = {};
  sigset_t before = {};
  sigemptyset(&only);
  sigaddset(&only, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &only, &before);
  { const ChildProcess slow({"sleep", "600"}); }  // longer than a test may take
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace gigahop::dataset
