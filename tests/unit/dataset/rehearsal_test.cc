#include "dataset/rehearsal.h"

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
