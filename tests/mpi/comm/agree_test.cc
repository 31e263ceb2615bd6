// A fault on any rank is told to all of them.
#include "comm/agree.h"

#include <gtest/gtest.h>

#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "comm/communicator.h"

namespace gigahop::comm {
namespace {

std::optional<Error> error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

std::optional<Error> agree_when(const Communicator& comm, const std::function<bool(int)>& fails) {
  return error_of([&] {
    agree(comm, [&] {
      if (fails(comm.rank())) throw Error(ErrorKind::kData, fmt::format("the disk of {} is full", comm.rank()));
    });
  });
}

TEST(Agree, returns_when_no_rank_failed) {
  const Communicator comm = Communicator::world();
  EXPECT_FALSE(agree_when(comm, [](int) { return false; }).has_value());
}

TEST(Agree, all_ranks_throw_the_error_of_the_only_failing_rank) {
  const Communicator comm = Communicator::world();
  for (int failing = 0; failing < comm.size(); ++failing) {
    const std::optional<Error> error = agree_when(comm, [&](int rank) { return rank == failing; });
    const std::string message = fmt::format("the disk of {} is full", failing);
    EXPECT_TRUE(error.has_value());
    if (!error.has_value()) continue;
    EXPECT_EQ(error->kind, ErrorKind::kData);
    EXPECT_EQ(error->what(), comm.rank() == failing ? message : fmt::format("rank {}: {}", failing, message));
  }
}

TEST(Agree, the_lowest_of_several_failing_ranks_is_heard) {
  const Communicator comm = Communicator::world();
  const int lowest = comm.size() / 2;
  const std::optional<Error> error = agree_when(comm, [&](int rank) { return rank >= lowest; });
  EXPECT_TRUE(error.has_value() && std::string(error->what()).ends_with(fmt::format("disk of {} is full", lowest)));
}

TEST(Agree, what_a_library_throws_becomes_an_error_everywhere) {
  const Communicator comm = Communicator::world();
  const std::optional<Error> error = error_of([&] {
    agree(comm, [&] {
      if (comm.rank() == comm.size() - 1) throw std::out_of_range("vector::at");
    });
  });
  EXPECT_TRUE(error.has_value() && error->kind == ErrorKind::kInternal);
}

TEST(Agree, ranks_go_on_together_after_a_failure) {
  const Communicator comm = Communicator::world();
  EXPECT_TRUE(agree_when(comm, [](int rank) { return rank == 0; }).has_value());
  EXPECT_FALSE(agree_when(comm, [](int) { return false; }).has_value());
}

TEST(RequireSame, accepts_equal_and_refuses_different_values) {
  const Communicator comm = Communicator::world();
  EXPECT_FALSE(error_of([&] { require_same_on_all_ranks(comm, 42, "the seed"); }).has_value());
  EXPECT_FALSE(error_of([&] { require_same_on_all_ranks(comm, ~0ULL, "the seed"); }).has_value());
  const auto value = static_cast<uint64_t>(comm.rank() == 0 ? 1 : 2);
  const std::optional<Error> error = error_of([&] { require_same_on_all_ranks(comm, value, "the seed"); });
  EXPECT_EQ(error.has_value(), comm.size() > 1);
}

}  // namespace
}  // namespace gigahop::comm
