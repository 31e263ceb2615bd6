/// The plain computation for one seed: its logits are the model's and PyTorch's, its weights are shares.
#include "model/explanation.h"

#include <gtest/gtest.h>

#include <numeric>

#include "golden/recorded_case.h"

namespace gigahop::model {
namespace {

constexpr int64_t kBatchSize = 7;
constexpr double kTolerance = 2e-5;  // float sums of the model against double ones

struct Recorded {
  explicit Recorded(Attention attention)
      : model(device, golden::recorded_shape(attention), RandomKey{1}, comm),
        batch(golden::recorded_batch<Cpu>(golden::open_recorded("inputs"), 0, 0, kBatchSize)) {
    golden::load_recorded(golden::open_recorded(golden::file_name(attention)), model);
  }
  Explanation explain(int64_t seed) { return model::explain(model, batch.input(), seed); }
  size_t num_entries(int64_t seed) const {
    const auto b = static_cast<size_t>(seed);
    return static_cast<size_t>(batch.sample_offsets[b + 1] - batch.sample_offsets[b]);
  }

  Cpu device;
  comm::Communicator comm = comm::Communicator::world();
  LargeGt<Cpu> model;
  golden::Batch<Cpu> batch;
};

double sum(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

TEST(Explanation, has_the_logits_of_the_model_and_of_pytorch) {
  for (const Attention attention : golden::kAttentions) {
    Recorded recorded(attention);
    const array::SafetensorsFile file = golden::open_recorded(golden::file_name(attention));
    const std::span<const float> pytorch = golden::values_of<float>(file, "evaluated_logits");
    const auto logits = recorded.model.forward(recorded.batch.input(), Mode::kEvaluate, 0);
    for (int64_t b = 0; b < kBatchSize; ++b) {
      const Explanation explained = recorded.explain(b);
      ASSERT_EQ(static_cast<int64_t>(explained.logits.size()), logits.cols);
      for (size_t c = 0; c < explained.logits.size(); ++c) {
        EXPECT_NEAR(explained.logits[c], logits.row(b)[c], kTolerance);
        EXPECT_NEAR(explained.logits[c], pytorch[static_cast<size_t>(b) * explained.logits.size() + c], kTolerance);
      }
      EXPECT_NEAR(sum(explained.probabilities), 1, 1e-12);
    }
  }
}

TEST(Explanation, weights_are_shares_of_what_is_there) {
  Recorded recorded(Attention::kFull);
  for (int64_t b = 0; b < kBatchSize; ++b) {
    const Explanation explained = recorded.explain(b);
    const size_t num_tokens = 3 * recorded.num_entries(b);
    ASSERT_EQ(explained.readout.size(), num_tokens);
    ASSERT_EQ(explained.attention.size(), num_tokens * num_tokens);
    EXPECT_NEAR(sum(explained.readout), 1, 1e-12);
    for (size_t t = 0; t < num_tokens; ++t) {
      EXPECT_NEAR(sum(std::span(explained.attention).subspan(t * num_tokens, num_tokens)), 1, 1e-12);
    }
    EXPECT_NEAR(sum(explained.codewords), 1, 1e-12);
    EXPECT_EQ(explained.codewords.back(), 0) << "the last codeword has no node";
  }
}

TEST(Explanation, repeats_of_a_node_weigh_as_much_as_that_many_nodes_alike) {
  Recorded together(Attention::kLocal);
  Recorded apart(Attention::kLocal);
  // A seed and one other node that stands twice; apart, two nodes with its tokens.
  together.batch.seed_ids.resize(1);
  together.batch.sample_offsets = {0, 2};
  together.batch.sample_nodes = {0, 1};
  together.batch.sample_counts = {1, 2};
  apart.batch.seed_ids.resize(1);
  apart.batch.sample_offsets = {0, 3};
  apart.batch.sample_nodes = {0, 1, 1};
  apart.batch.sample_counts = {1, 1, 1};
  const Explanation one = together.explain(0);
  const Explanation two = apart.explain(0);
  for (size_t c = 0; c < one.logits.size(); ++c) EXPECT_NEAR(one.logits[c], two.logits[c], 1e-12);
  for (size_t hop = 0; hop < 3; ++hop) {
    EXPECT_NEAR(one.readout[3 + hop], two.readout[3 + hop] + two.readout[6 + hop], 1e-12);
  }
}

}  // namespace
}  // namespace gigahop::model
