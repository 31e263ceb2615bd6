/// What a model computes does not depend on how the seeds of a step are cut over the ranks, dropout on.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "comm/collectives.h"
#include "golden/model_calls.h"
#include "golden/recorded_case.h"
#include "mpi/model/rank_share.h"

namespace gigahop {
namespace {

constexpr int64_t kNumNodes = 40;
constexpr int64_t kBatchSize = 7;
constexpr int64_t kNumSteps = 4;
constexpr RandomKey kKey{11};

/// Sums over ranks are formed in another order: float rounding of values of size one, carried through four steps.
constexpr double kRounding = 5e-5;
/// With operands rounded to bfloat16, such a difference becomes one of 2^-8 where a number lies between two roundings.
constexpr double kRoundingOfOperands = 5e-2;

/// Everything a run leaves, the same on all ranks: values by name.
using Outcome = std::map<std::string, std::vector<float>>;

class Training {
 public:
  Training(model::Attention attention, Split split, Precision precision = Precision::kFloat32)
      : split_(split), device_{.precision = precision}, model_(device_, shape(attention), kKey, comm_) {
    std::vector<int64_t> histogram(static_cast<size_t>(model_.shape().num_codewords));
    for (int64_t node = 0; node < kNumNodes; ++node) {
      codes_.push_back(model::initial_code(kKey, OriginalId(node), model_.shape().num_codewords));
      ++histogram[codes_.back()];
    }
    model_.set_histogram(histogram);
  }

  Outcome outcome() {
    for (int64_t step = 0; step < kNumSteps; ++step) take_step(step);
    const auto values = model_.parameters().values();
    outcome_["parameters"].assign(values.data, values.data + values.size);
    for (const auto& state : model_.state()) outcome_[state.name] = host_copy(device_, state.values);
    outcome_["codes"].assign(codes_.begin(), codes_.end());
    return outcome_;
  }

 private:
  static model::ModelShape shape(model::Attention attention) {
    model::ModelShape of = golden::recorded_shape(attention);
    of.dropout_feed_forward = 0.5;
    of.dropout_encoder = 0.3;
    return of;
  }

  void take_step(int64_t step) {
    const Share share = share_of(comm_, split_, kBatchSize);
    const auto batch = golden::recorded_batch<Cpu>(inputs_, step % 3, share.first, share.count);
    const auto logits = model_.forward(batch.input(), model::Mode::kTrain, step);
    Matrix<float> logits_gradient(logits.rows, logits.cols);
    const auto loss = golden::loss_of(model_, logits, batch.label_view(), kBatchSize, logits_gradient);
    outcome_["loss"].push_back(static_cast<float>(comm::sum_over_ranks(comm_, loss.loss_sum) / kBatchSize));
    const std::span<const float> mine(logits.data, static_cast<size_t>(logits.size()));
    outcome_["logits of step " + std::to_string(step)] = comm::all_gather_varied(comm_, mine);
    model_.backward(logits_gradient);
    const auto gradients = model_.parameters().gradients();
    const std::span<float> summed(gradients.data, static_cast<size_t>(gradients.size));
    comm::all_reduce_sum(comm_, summed);
    if (step == 0) outcome_["gradients"].assign(summed.begin(), summed.end());
    for (int64_t i = 0; i < gradients.size; ++i) model_.parameters().values()[i] -= 0.05F * gradients[i];
    move_codebook(batch.seed_ids);
  }

  void move_codebook(const std::vector<OriginalId>& seeds) {
    std::vector<uint16_t> codes;
    for (const OriginalId node : seeds) codes.push_back(codes_[static_cast<size_t>(node.value)]);
    golden::update_codes(comm_, model_, codes);
    const auto all_seeds = comm::all_gather_varied(comm_, std::span<const OriginalId>(seeds));
    const auto all_codes = comm::all_gather_varied(comm_, std::span<const uint16_t>(codes));
    for (size_t b = 0; b < all_seeds.size(); ++b) codes_[static_cast<size_t>(all_seeds[b].value)] = all_codes[b];
  }

  Split split_;
  Cpu device_;
  comm::Communicator comm_ = comm::Communicator::world();
  array::SafetensorsFile inputs_ = golden::open_recorded("inputs");
  model::LargeGt<Cpu> model_;
  std::vector<uint16_t> codes_;
  Outcome outcome_;
};

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return INFINITY;
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    largest = std::isnan(difference) ? INFINITY : std::max(largest, difference);
  }
  return largest;
}

TEST(Ranks, all_seeds_on_one_rank_and_cut_over_ranks_give_the_same_training_to_rounding) {
  for (const model::Attention attention : golden::kAttentions) {
    const Outcome one = Training(attention, Split::kAllOnLast).outcome();
    for (const Split split : {Split::kEven, Split::kNotOnFirst}) {
      for (const auto& [name, values] : Training(attention, split).outcome()) {
        EXPECT_LE(largest_difference(values, one.at(name)), name == "codes" ? 0 : kRounding)
            << golden::file_name(attention) << ": " << name;
      }
    }
  }
}

TEST(Ranks, in_bfloat16_too) {
  constexpr auto kFull = model::Attention::kFull;
  const Outcome one = Training(kFull, Split::kAllOnLast, Precision::kBFloat16).outcome();
  const Outcome exact = Training(kFull, Split::kAllOnLast).outcome();
  EXPECT_GT(largest_difference(one.at("gradients"), exact.at("gradients")), kRounding) << "nothing was rounded";
  for (const auto& [name, values] : Training(kFull, Split::kEven, Precision::kBFloat16).outcome()) {
    if (name == "codes") continue;  // a close call between two codewords may go either way
    EXPECT_LE(largest_difference(values, one.at(name)), kRoundingOfOperands) << name;
  }
  EXPECT_EQ(Training(kFull, Split::kEven, Precision::kBFloat16).outcome(),
            Training(kFull, Split::kEven, Precision::kBFloat16).outcome());
}

TEST(Ranks, a_run_repeats_bit_for_bit_and_is_the_same_on_all_ranks) {
  const comm::Communicator comm = comm::Communicator::world();
  const Outcome first = Training(model::Attention::kFull, Split::kEven).outcome();
  const Outcome second = Training(model::Attention::kFull, Split::kEven).outcome();
  EXPECT_EQ(first, second);
  for (const auto& [name, values] : first) {
    std::vector<float> of_first_rank = values;
    comm::broadcast(comm, std::span(of_first_rank), 0);
    EXPECT_EQ(values, of_first_rank) << name;
  }
}

TEST(Ranks, backward_hands_over_every_gradient_once_and_does_not_touch_it_again) {
  const comm::Communicator comm = comm::Communicator::world();
  const array::SafetensorsFile inputs = golden::open_recorded("inputs");
  const Share share = share_of(comm, Split::kEven, kBatchSize);
  const auto batch = golden::recorded_batch<Cpu>(inputs, 0, share.first, share.count);
  for (const model::Attention attention : golden::kAttentions) {
    Cpu device;
    model::LargeGt<Cpu> model(device, golden::recorded_shape(attention), kKey, comm);
    const auto logits = model.forward(batch.input(), model::Mode::kTrain, 0);
    Matrix<float> logits_gradient(logits.rows, logits.cols);
    golden::loss_of(model, logits, batch.label_view(), kBatchSize, logits_gradient);
    const auto gradients = model.parameters().gradients();
    std::fill_n(gradients.data, gradients.size, NAN);
    std::vector<float> handed_over(static_cast<size_t>(gradients.size), 0);
    std::vector<int> times(static_cast<size_t>(gradients.size), 0);
    model.backward(logits_gradient, [&](VectorView<float> piece) {
      for (int64_t i = 0; i < piece.size; ++i) {
        const auto place = static_cast<size_t>(piece.data + i - gradients.data);
        handed_over.at(place) = piece[i];
        ++times.at(place);
      }
    });
    EXPECT_TRUE(std::ranges::all_of(times, [](int n) { return n == 1; })) << golden::file_name(attention);
    EXPECT_EQ(handed_over, std::vector<float>(gradients.data, gradients.data + gradients.size))
        << golden::file_name(attention);
  }
}

TEST(Ranks, a_step_without_seeds_anywhere_changes_nothing) {
  Cpu device;
  const comm::Communicator comm = comm::Communicator::world();
  model::LargeGt<Cpu> model(device, golden::recorded_shape(model::Attention::kFull), kKey, comm);
  const golden::Batch<Cpu> empty;
  EXPECT_EQ(model.forward(empty.input(), model::Mode::kTrain, 0).rows, 0);
  model.backward({nullptr, 0, model.shape().num_classes});
  std::vector<uint16_t> no_codes;
  golden::update_codes(comm, model, no_codes);
  for (int64_t i = 0; i < model.parameters().gradients().size; ++i) EXPECT_EQ(model.parameters().gradients()[i], 0);
  model::LargeGt<Cpu> untouched(device, golden::recorded_shape(model::Attention::kFull), kKey, comm);
  const auto states = model.state();
  const auto before = untouched.state();
  for (size_t s = 0; s < states.size(); ++s) {
    EXPECT_EQ(host_copy(device, states[s].values), host_copy(device, before[s].values)) << states[s].name;
  }
}

}  // namespace
}  // namespace gigahop
