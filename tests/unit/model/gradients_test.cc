/// The whole model's gradients, dropout on, against central differences: masks are functions of the step, so a loss is
/// a smooth function of a parameter here too. The model in double serves the differences, and the float one is held to
/// it.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "golden/model_calls.h"
#include "golden/recorded_case.h"

namespace gigahop::golden {
namespace {

constexpr int64_t kBatchSize = 7;
constexpr int64_t kStep = 5;

/// Central differences of a double: step h makes an error of h^2 and of 1e-16 / h.
constexpr double kDifferenceStep = 1e-5;
constexpr double kDifferenceTolerance = 2e-8;
/// Float rounding of gradients of size one.
constexpr double kFloatTolerance = 5e-5;

template <class Device>
struct Case {
  explicit Case(model::Attention attention)
      : model(device, shape(attention), RandomKey{3}, comm),
        batch(recorded_batch<Device>(open_recorded("inputs"), 0, 0, kBatchSize)),
        logits_gradient(kBatchSize, model.shape().num_classes) {
    load_recorded(open_recorded(file_name(attention)), model);
  }

  static model::ModelShape shape(model::Attention attention) {
    model::ModelShape of = recorded_shape(attention);
    of.dropout_feed_forward = 0.4;
    of.dropout_encoder = 0.3;
    return of;
  }

  double loss() {
    const auto logits = model.forward(batch.input(), model::Mode::kTrain, kStep);
    return loss_of(model, logits, batch.label_view(), kBatchSize, logits_gradient).loss_sum / kBatchSize;
  }

  Device device;
  comm::Communicator comm = comm::Communicator::world();
  model::LargeGt<Device> model;
  Batch<Device> batch;
  Matrix<Real<Device>, Device> logits_gradient;
};

double central_difference(Case<Reference>& of, double& parameter) {
  const double value = parameter;
  parameter = value + kDifferenceStep;
  const double above = of.loss();
  parameter = value - kDifferenceStep;
  const double below = of.loss();
  parameter = value;
  return (above - below) / (2 * kDifferenceStep);
}

TEST(Gradients, are_those_of_central_differences_with_dropout) {
  for (const model::Attention attention : kAttentions) {
    Case<Reference> of(attention);
    of.loss();
    of.model.backward(of.logits_gradient);
    const auto gradients = of.model.parameters().gradients();
    const std::vector<double> found(gradients.data, gradients.data + gradients.size);
    for (const model::ParameterSpec& spec : of.model.parameters().specs()) {
      for (int64_t i = 0; i < spec.size(); i += std::max<int64_t>(1, spec.size() / 3)) {
        const int64_t element = spec.offset + i;
        const double expected = central_difference(of, of.model.parameters().values()[element]);
        EXPECT_NEAR(found[static_cast<size_t>(element)], expected, kDifferenceTolerance)
            << file_name(attention) << ": " << spec.name << " element " << i;
      }
    }
  }
}

TEST(Gradients, in_float_are_those_in_double) {
  for (const model::Attention attention : kAttentions) {
    Case<Cpu> narrow(attention);
    Case<Reference> wide(attention);
    EXPECT_NEAR(narrow.loss(), wide.loss(), kFloatTolerance);
    narrow.model.backward(narrow.logits_gradient);
    wide.model.backward(wide.logits_gradient);
    for (const model::ParameterSpec& spec : wide.model.parameters().specs()) {
      const auto expected = wide.model.parameters().gradient_vector(spec.name);
      const auto found = narrow.model.parameters().gradient_vector(spec.name);
      double worst = 0;
      for (int64_t i = 0; i < spec.size(); ++i) worst = std::max(worst, std::abs(found[i] - expected[i]));
      EXPECT_LE(worst, kFloatTolerance) << file_name(attention) << ": " << spec.name;
    }
  }
}

TEST(Gradients, of_another_step_have_other_masks) {
  Case<Cpu> of(model::Attention::kFull);
  const double loss = of.loss();
  const auto logits = of.model.forward(of.batch.input(), model::Mode::kTrain, kStep + 1);
  const double other =
      loss_of(of.model, logits, of.batch.label_view(), kBatchSize, of.logits_gradient).loss_sum / kBatchSize;
  EXPECT_GT(std::abs(loss - other), 1e-3);
}

TEST(Gradients, of_a_batch_of_one_seed_take_running_statistics_as_constants) {
  Case<Reference> of(model::Attention::kFull);
  of.batch = recorded_batch<Reference>(open_recorded("inputs"), 1, 0, 1);
  of.logits_gradient.resize(1, of.model.shape().num_classes);
  const auto before = of.model.state();
  const std::vector<double> running = host_copy(of.device, before[0].values);
  of.loss();
  of.model.backward(of.logits_gradient);
  EXPECT_EQ(host_copy(of.device, of.model.state()[0].values), running);
  const double found = of.model.parameters().gradient("seed_branch.linear1.weight").row(2)[3];
  const double expected = central_difference(of, of.model.parameters().value("seed_branch.linear1.weight").row(2)[3]);
  EXPECT_NEAR(found, expected, kDifferenceTolerance * kBatchSize);
}

}  // namespace
}  // namespace gigahop::golden
