/// What a checkpoint carries is all there is: values and state moved into another model go on bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.h"
#include "golden/model_calls.h"
#include "golden/recorded_case.h"

namespace gigahop::model {
namespace {

constexpr int64_t kBatchSize = 7;
constexpr RandomKey kKey{21};

struct Trained {
  explicit Trained(Attention attention) : model(device, shape(attention), kKey, comm) {}

  static ModelShape shape(Attention attention) {
    ModelShape of = golden::recorded_shape(attention);
    of.dropout_feed_forward = 0.5;
    return of;
  }

  void start() {
    model.set_histogram(std::vector<int64_t>(16, 5));
    codes.assign(kBatchSize, 3);
  }

  std::vector<float> step(int64_t number) {
    const auto batch = golden::recorded_batch<Cpu>(golden::open_recorded("inputs"), 0, 0, kBatchSize);
    const auto logits = model.forward(batch.input(), Mode::kTrain, number);
    Matrix<float> gradient(logits.rows, logits.cols);
    golden::loss_of(model, logits, batch.label_view(), kBatchSize, gradient);
    model.backward(gradient);
    for (int64_t i = 0; i < model.parameters().values().size; ++i) {
      model.parameters().values()[i] -= 0.1F * model.parameters().gradients()[i];
    }
    golden::update_codes(comm::Communicator::world(), model, codes);
    return {logits.data, logits.data + logits.size()};
  }

  std::vector<float> evaluate() {
    const auto batch = golden::recorded_batch<Cpu>(golden::open_recorded("inputs"), 1, 0, kBatchSize);
    const auto logits = model.forward(batch.input(), Mode::kEvaluate, 0);
    return {logits.data, logits.data + logits.size()};
  }

  void copy_from(Trained& other) {
    const auto values = other.model.parameters().values();
    std::copy_n(values.data, values.size, model.parameters().values().data);
    const auto from = other.model.state();
    const auto to = model.state();
    ASSERT_EQ(from.size(), to.size());
    for (size_t s = 0; s < from.size(); ++s) {
      EXPECT_EQ(from[s].name, to[s].name);
      copy_to_device<float>(device, host_copy(device, from[s].values), to[s].values.data);
    }
    codes = other.codes;
  }

  Cpu device;
  comm::Communicator comm = comm::Communicator::world();
  LargeGt<Cpu> model;
  std::vector<uint16_t> codes;
};

TEST(State, moved_into_another_model_goes_on_bit_for_bit) {
  for (const Attention attention : golden::kAttentions) {
    Trained first(attention);
    first.start();
    for (int64_t number = 0; number < 3; ++number) first.step(number);
    Trained second(attention);
    second.copy_from(first);
    EXPECT_EQ(first.evaluate(), second.evaluate());
    EXPECT_EQ(first.step(3), second.step(3));
    EXPECT_EQ(first.codes, second.codes);
    EXPECT_EQ(first.step(4), second.step(4));
  }
}

TEST(State, shapes_match_their_sizes_and_names_are_those_of_the_table) {
  Trained trained(Attention::kFull);
  std::vector<std::string> names;
  for (const StateArray<Cpu>& state : trained.model.state()) {
    int64_t size = 1;
    for (const int64_t extent : state.shape) size *= extent;
    EXPECT_EQ(size, state.values.size) << state.name;
    names.push_back(state.name);
  }
  const std::vector<std::string> expected = {"seed_branch.norm.running_mean",
                                             "seed_branch.norm.running_var",
                                             "head.norm1.running_mean",
                                             "head.norm1.running_var",
                                             "head.norm2.running_mean",
                                             "head.norm2.running_var",
                                             "codebook.running_mean",
                                             "codebook.running_var",
                                             "codebook.codewords",
                                             "codebook.sums",
                                             "codebook.sizes",
                                             "codebook.histogram"};
  EXPECT_EQ(names, expected);
}

TEST(State, evaluation_changes_no_state) {
  Trained trained(Attention::kFull);
  trained.start();
  trained.step(0);
  const std::vector<float> first = trained.evaluate();
  EXPECT_EQ(trained.evaluate(), first);
}

TEST(Codebook, a_codeword_without_nodes_is_not_attended_to) {
  Trained trained(Attention::kGlobal);
  std::vector<int64_t> counts(16, 5);
  counts[4] = 0;
  trained.model.set_histogram(counts);
  const auto codewords = trained.model.state()[8];
  ASSERT_EQ(codewords.name, "codebook.codewords");
  const std::vector<float> before = trained.evaluate();
  codewords.values[4 * 8 + 1] += 3;
  EXPECT_EQ(trained.evaluate(), before);
  codewords.values[5 * 8 + 1] += 3;
  EXPECT_NE(trained.evaluate(), before);
}

TEST(Codebook, histogram_follows_assignments_and_counts_every_node_once) {
  Trained trained(Attention::kGlobal);
  trained.start();
  trained.step(0);
  std::array<int64_t, 16> expected;
  expected.fill(5);
  expected[3] -= kBatchSize;
  for (const uint16_t code : trained.codes) ++expected[code];
  EXPECT_TRUE(std::ranges::equal(host_copy(trained.device, trained.model.state().back().values), expected));
}

TEST(Codebook, histogram_keeps_counts_that_a_float_does_not_hold) {
  Trained trained(Attention::kGlobal);
  constexpr int64_t kLarge = (int64_t{1} << 30) + 1;
  trained.start();
  trained.model.set_histogram(std::vector<int64_t>(16, kLarge));
  for (int64_t number = 0; number < 3; ++number) trained.step(number);
  const std::vector<float> histogram = host_copy(trained.device, trained.model.state().back().values);
  for (const float count : histogram) EXPECT_NEAR(count, kLarge, 64);
}

TEST(Codebook, codes_at_the_start_are_uniform_and_functions_of_key_and_node) {
  constexpr int64_t kNumCodewords = 50;
  constexpr int64_t kNumNodes = 100000;
  std::vector<int64_t> counts(kNumCodewords);
  for (int64_t node = 0; node < kNumNodes; ++node) {
    const uint16_t code = initial_code(kKey, OriginalId(node), kNumCodewords);
    ASSERT_LT(code, kNumCodewords);
    ASSERT_EQ(code, initial_code(kKey, OriginalId(node), kNumCodewords));
    ++counts[code];
  }
  double chi_square = 0;
  for (const int64_t count : counts) chi_square += (count - 2000.0) * (count - 2000.0) / 2000.0;
  EXPECT_LT(chi_square, 49 + 5 * 9.9);  // 49 degrees of freedom, deviation sqrt(98)
}

TEST(LargeGt, refuses_a_batch_whose_extents_disagree) {
  Trained trained(Attention::kFull);
  auto batch = golden::recorded_batch<Cpu>(golden::open_recorded("inputs"), 0, 0, kBatchSize);
  batch.sample_counts.pop_back();
  EXPECT_THROW(trained.model.forward(batch.input(), Mode::kEvaluate, 0), Error);
}

}  // namespace
}  // namespace gigahop::model
