#include "dataset/rehearsal.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/bad_input.h"

namespace gigahop::dataset {
namespace {

constexpr int64_t kMemory = int64_t{64} << 20;

TEST(Rehearsal, of_work_that_goes_well_leaves_no_trace) {
  int done = 0;
  rehearse("file", kMemory, [&] { ++done; });
  EXPECT_EQ(done, 0);
}

TEST(Rehearsal, of_work_that_ends_its_process_is_an_error_at_the_place) {
  tests::expect_data_error([] { rehearse("x.mat", kMemory, [] { std::raise(SIGKILL); }); }, "x.mat: expected");
  tests::expect_data_error([] { rehearse("x.mat", kMemory, [] { std::raise(SIGKILL); }); }, "by signal 9");
}

TEST(Rehearsal, ends_with_the_process_whose_copy_does_it) {
  std::array<int, 2> ends = {};
  ASSERT_EQ(pipe(ends.data()), 0);
  const auto tell_and_stay = [&] {
    if (write(ends[1], "x", 1) == 1) pause();
  };
  const pid_t original = fork();
  if (original == 0) {
    rehearse("x.mat", kMemory, tell_and_stay);
    _exit(1);
  }
  close(ends[1]);
  char told = 0;
  EXPECT_EQ(read(ends[0], &told, 1), 1);
  kill(original, SIGKILL);
  waitpid(original, nullptr, 0);
  EXPECT_EQ(read(ends[0], &told, 1), 0) << "the last end of the pipe is closed when the copy has gone";
  close(ends[0]);
}

TEST(Rehearsal, throws_what_the_work_threw) {
  const auto work = [] { throw data_error("x.mat, matrix a", "a matrix", "none"); };
  tests::expect_data_error([&] { rehearse("x.mat", kMemory, work); }, "x.mat, matrix a: expected a matrix, found none");
}

TEST(Rehearsal, of_work_that_wants_too_much_memory_is_an_error) {
  const auto hold = [](size_t bytes) { return [bytes] { std::vector<char> held(bytes, 'x'); }; };
  rehearse("x.mat", kMemory, hold(kMemory / 2));
  tests::expect_data_error([&] { rehearse("x.mat", kMemory, hold(2 * kMemory)); }, "too much memory");
}

}  // namespace
}  // namespace gigahop::dataset
