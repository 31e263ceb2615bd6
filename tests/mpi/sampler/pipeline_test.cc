/// Batches ahead of the step: order, failure, early end.
#include "sampler/pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "loading_case.h"

namespace gigahop::sampler {
namespace {

/// A loader over a small graph, and requests that go through its rows one by one.
class PipelineTest : public testing::Test {
 protected:
  PipelineTest()
      : graph_(open_graph(world_, write_encoded_shards(world_, "pipeline", tests::power_law(40, 2, 2), 4))),
        loader_(graph_, world_.duplicate(), {.sample_size = 5}) {}

  std::function<std::optional<BatchRequest>()> steps(int64_t count) {
    return [this, count, step = int64_t{0}]() mutable -> std::optional<BatchRequest> {
      if (step == count) return std::nullopt;
      BatchRequest request{.epoch = 1, .step = step, .salt = step / 3, .seeds = {}};
      if (graph_.num_owned() > 0) request.seeds = {LocalId(static_cast<int32_t>(step % graph_.num_owned()))};
      ++step;
      ++num_requested_;
      return request;
    };
  }

  comm::Communicator world_ = comm::Communicator::world();
  graph::LocalGraph graph_;
  Loader loader_;
  std::atomic<int64_t> num_requested_ = 0;
};

TEST_F(PipelineTest, gives_the_batches_of_the_loader_in_order_and_then_nothing) {
  for (const int ahead : {1, 2, 64}) {
    std::vector<MiniBatch> batches;
    {
      Pipeline pipeline(loader_, steps(10), ahead);
      while (std::optional<MiniBatch> batch = pipeline.next()) batches.push_back(std::move(*batch));
      EXPECT_FALSE(pipeline.next());
      EXPECT_GE(pipeline.waited_seconds(), 0);
    }
    EXPECT_EQ(batches.size(), 10U);
    auto requests = steps(10);
    for (const MiniBatch& batch : batches) {
      const MiniBatch expected = loader_.load(*requests());
      EXPECT_EQ(batch.step, expected.step);
      EXPECT_EQ(batch.seed_ids, expected.seed_ids);
      EXPECT_EQ(batch.node_ids, expected.node_ids);
      EXPECT_EQ(batch.sample_counts, expected.sample_counts);
    }
  }
}

TEST_F(PipelineTest, makes_at_most_the_agreed_number_of_batches_ahead) {
  Pipeline pipeline(loader_, steps(20), 3);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_LE(num_requested_.load(), 3);
  pipeline.next();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_LE(num_requested_.load(), 4);
}

TEST_F(PipelineTest, passes_on_what_the_background_threw_after_the_batches_before_it) {
  auto inner = steps(10);
  Pipeline pipeline(
      loader_,
      [&]() -> std::optional<BatchRequest> {
        if (num_requested_ == 2) throw Error(ErrorKind::kConfig, "no third batch");
        return inner();
      },
      4);
  EXPECT_TRUE(pipeline.next());
  EXPECT_TRUE(pipeline.next());
  EXPECT_THROW(pipeline.next(), Error);
  EXPECT_THROW(pipeline.next(), Error);
}

TEST_F(PipelineTest, can_be_given_up_after_any_number_of_batches) {
  for (int taken = 0; taken < 6; ++taken) {
    {
      Pipeline pipeline(loader_, steps(5), 2);
      for (int i = 0; i < taken; ++i) pipeline.next();
      // Ranks give up at different times, having taken the same number.
      std::this_thread::sleep_for(std::chrono::milliseconds(3 * world_.rank()));
    }
    // The loader is free again and all ranks are in step.
    EXPECT_EQ(loader_.load({.step = taken}).step, taken);
  }
}

}  // namespace
}  // namespace gigahop::sampler
