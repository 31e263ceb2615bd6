/// The model against what the PyTorch implementation of tests/golden recorded, with the seeds cut over the ranks.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "comm/collectives.h"
#include "comm/device_collectives.h"
#include "golden/batch_on_device.h"
#include "golden/model_calls.h"
#include "mpi/model/rank_share.h"
#include "ops/adam.h"
#include "ops/vector.h"

namespace gigahop::golden {
namespace {

constexpr int64_t kNumBatches = 3;
constexpr int64_t kBatchSize = 7;
constexpr int64_t kNumSteps = 10;
constexpr double kLearningRate = 1e-2;

/// Largest allowed |found - recorded|; recorded values are of size one, computed in double, stored in float32.
struct Tolerance {
  double logits;    // sums of a few hundred float products
  double gradient;  // the same, once more backward
  double losses;    // ten steps of Adam, which divides by the size of a gradient and so keeps the errors of small ones
  double codebook;  // moving averages of rows that come out of such weights
};

template <class Device>
constexpr Tolerance kTolerance = {.logits = 2e-5, .gradient = 3e-5, .losses = 1e-4, .codebook = 1e-4};
/// In double what is left is the float32 of the recording; losses are recorded in double.
template <>
constexpr Tolerance kTolerance<Reference> = {.logits = 1e-6, .gradient = 1e-6, .losses = 1e-12, .codebook = 1e-6};

/// With operands of products rounded to bfloat16, by up to 2^-9 of each, through eight products in a row; gradients are
/// held to a share of their parameter's norm instead (kRoundedShare).
constexpr Tolerance kRoundedTolerance = {.logits = 0.1, .gradient = INFINITY, .losses = 0.05, .codebook = 0};
constexpr double kRoundedShare = 0.25;
/// Of parameters whose gradient is nothing but rounding: a bias before a batch norm, of keys before a softmax.
constexpr double kRoundedFloor = 5e-3;

template <class Device>
Device open_device(const comm::Communicator&) {
  return {};
}

#if defined(GIGAHOP_TEST_CUDA)
template <>
Cuda open_device(const comm::Communicator& comm) {
  return Cuda({.device = device_of_local_rank(comm.rank_on_host()),
               .scratch_bytes = int64_t{4} << 20,
               .product_workspace_bytes = int64_t{1} << 20});
}
#endif

template <class Device>
struct Case {
  Case(model::Attention attention, Split cut)
      : split(cut),
        recorded(open_recorded(file_name(attention))),
        model(device, recorded_shape(attention), RandomKey{1}, comm) {
    load_recorded(recorded, model);
  }

  BatchOnDevice<Device> batch(int64_t index) {
    const Share share = share_of(comm, split, kBatchSize);
    return {device, inputs, index, share.first, share.count};
  }

  /// Mean loss over all ranks; gradients summed over them.
  double forward_and_backward(const BatchOnDevice<Device>& of, int64_t step) {
    logits = model.forward(of.input(), model::Mode::kTrain, step);
    logits_gradient.resize(logits.rows, logits.cols);
    const auto loss = loss_of(model, logits, of.label_view(), kBatchSize, logits_gradient);
    model.backward(logits_gradient);
    comm::all_reduce_sum(device, comm, model.parameters().gradients());
    return comm::sum_over_ranks(comm, loss.loss_sum) / kBatchSize;
  }

  Split split;
  comm::Communicator comm = comm::Communicator::world();
  Device device = open_device<Device>(comm);
  array::SafetensorsFile inputs = open_recorded("inputs");
  array::SafetensorsFile recorded;
  model::LargeGt<Device> model;
  MatrixView<const Real<Device>, Device> logits;
  Matrix<Real<Device>, Device> logits_gradient;
};

template <class Device>
void expect_near(Device& dev, VectorView<const Real<Device>, Device> on_device, std::span<const float> recorded,
                 double tolerance, const std::string& what) {
  const auto found = host_copy(dev, on_device);
  double worst = found.size() == recorded.size() ? 0 : INFINITY;
  for (size_t i = 0; i < std::min(found.size(), recorded.size()); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) - recorded[i]);
    worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
  }
  EXPECT_LE(worst, tolerance) << what;
}

/// The norm of the difference is a small share of the norm of what was recorded.
void expect_alike(const float* found, std::span<const float> recorded, double share, const std::string& what) {
  double error = 0;
  double size = 0;
  for (size_t i = 0; i < recorded.size(); ++i) {
    const double difference = static_cast<double>(found[i]) - recorded[i];
    error += difference * difference;
    size += static_cast<double>(recorded[i]) * recorded[i];
  }
  EXPECT_LE(std::sqrt(error), share * std::sqrt(size) + kRoundedFloor) << what << " of norm " << std::sqrt(size);
}

template <class Device>
void expect_logits(Case<Device>& of, const char* name, Tolerance tolerance) {
  const Share share = share_of(of.comm, of.split, kBatchSize);
  const auto rows = values_of<float>(of.recorded, name)
                        .subspan(static_cast<size_t>(share.first * of.logits.cols),
                                 static_cast<size_t>(share.count * of.logits.cols));
  EXPECT_EQ(of.logits.rows, share.count);
  expect_near(of.device, {of.logits.data, of.logits.size()}, rows, tolerance.logits, name);
}

template <class Device>
void check_one_batch(Case<Device>& of, Tolerance tolerance) {
  const auto batch = of.batch(0);
  of.logits = of.model.forward(batch.input(), model::Mode::kEvaluate, 0);
  expect_logits(of, "evaluated_logits", tolerance);
  const double loss = of.forward_and_backward(batch, 0);
  expect_logits(of, "logits", tolerance);
  EXPECT_NEAR(loss, values_of<double>(of.recorded, "losses")[0], tolerance.losses);
  for (const model::ParameterSpec& spec : of.model.parameters().specs()) {
    const auto gradient = values_of<float>(of.recorded, "gradient/" + spec.name);
    EXPECT_EQ(static_cast<int64_t>(gradient.size()), spec.size()) << spec.name;
    expect_near<Device>(of.device, of.model.parameters().gradient_vector(spec.name), gradient, tolerance.gradient,
                        spec.name);
  }
}

template <class Device>
void expect_codebook(Case<Device>& of, std::vector<int64_t> assignments) {
  comm::all_reduce_sum(of.comm, std::span(assignments));
  EXPECT_TRUE(std::ranges::equal(assignments, values_of<int64_t>(of.recorded, "assignments")));
  for (const auto& state : of.model.state()) {
    if (!state.name.starts_with("codebook.")) continue;
    const auto after = values_of<float>(of.recorded, "after/" + state.name);
    const bool is_count = state.name == "codebook.histogram";
    expect_near<Device>(of.device, state.values, after, is_count ? 0 : kTolerance<Device>.codebook, state.name);
  }
}

/// Every rank keeps the codes of the seeds it has had; `assignments` holds them less what was recorded before, so that
/// a sum over ranks gives the change.
template <class Device>
void move_codebook(Case<Device>& of, const BatchOnDevice<Device>& batch, std::vector<int64_t>& assignments) {
  std::vector<int64_t> all = assignments;
  comm::all_reduce_sum(of.comm, std::span(all));
  std::vector<uint16_t> codes;
  for (const OriginalId node : batch.seed_ids())
    codes.push_back(static_cast<uint16_t>(all[static_cast<size_t>(node.value)]));
  update_codes(of.comm, of.model, codes);
  for (size_t b = 0; b < codes.size(); ++b) {
    const auto node = static_cast<size_t>(batch.seed_ids()[b].value);
    assignments[node] += codes[b] - all[node];
  }
}

template <class Device>
void check_ten_steps(model::Attention attention, Split split) {
  Case<Device> of(attention, split);
  const auto start = values_of<int64_t>(of.inputs, "assignments");
  std::vector<int64_t> assignments(start.size(), 0);
  if (of.comm.rank() == 0) assignments.assign(start.begin(), start.end());
  const auto values = of.model.parameters().values();
  const auto gradients = of.model.parameters().gradients();
  Buffer<Real<Device>, Device> first(values.size);
  Buffer<Real<Device>, Device> second(values.size);
  Buffer<double, Device> square_sum(1);
  set_to_zero(of.device, VectorView<Real<Device>, Device>(first.data(), first.size()));
  set_to_zero(of.device, VectorView<Real<Device>, Device>(second.data(), second.size()));
  for (int64_t step = 0; step < kNumSteps; ++step) {
    const auto batch = of.batch(step % kNumBatches);
    const double loss = of.forward_and_backward(batch, step);
    EXPECT_NEAR(loss, values_of<double>(of.recorded, "losses")[static_cast<size_t>(step)], kTolerance<Device>.losses)
        << "step " << step;
    ops::sum_of_squares<Device>(of.device, gradients, {square_sum.data(), 1});
    ops::adam<Device>(of.device, {.learning_rate = kLearningRate}, step + 1, {square_sum.data(), 1}, gradients,
                      {first.data(), values.size}, {second.data(), values.size}, values);
    if (of.model.has_codebook()) move_codebook(of, batch, assignments);
  }
  if (of.model.has_codebook()) expect_codebook(of, assignments);
}

template <class Device>
class Golden : public testing::Test {};
#if defined(GIGAHOP_TEST_CUDA)
using Devices = testing::Types<Cuda>;
#else
using Devices = testing::Types<Cpu, Reference>;
#endif
TYPED_TEST_SUITE(Golden, Devices);

TYPED_TEST(Golden, logits_loss_and_every_gradient_are_those_of_pytorch) {
  for (const model::Attention attention : kAttentions) {
    for (const Split split : {Split::kEven, Split::kAllOnLast, Split::kNotOnFirst}) {
      SCOPED_TRACE(std::string(file_name(attention)) + " split " + std::to_string(static_cast<int>(split)));
      Case<TypeParam> of(attention, split);
      check_one_batch(of, kTolerance<TypeParam>);
    }
  }
}

TEST(RoundedGolden, logits_loss_and_every_gradient_stay_near_those_of_pytorch) {
  for (const model::Attention attention : kAttentions) {
    SCOPED_TRACE(file_name(attention));
    Case<Cpu> of(attention, Split::kEven);
    of.device.precision = Precision::kBFloat16;
    check_one_batch(of, kRoundedTolerance);
    for (const model::ParameterSpec& spec : of.model.parameters().specs()) {
      expect_alike(of.model.parameters().gradient_vector(spec.name).data,
                   values_of<float>(of.recorded, "gradient/" + spec.name), kRoundedShare, spec.name);
    }
  }
}

TYPED_TEST(Golden, ten_steps_of_adam_lose_what_pytorch_loses_and_move_the_codebook_alike) {
  for (const model::Attention attention : kAttentions) {
    SCOPED_TRACE(file_name(attention));
    check_ten_steps<TypeParam>(attention, Split::kEven);
  }
  check_ten_steps<TypeParam>(model::Attention::kFull, Split::kNotOnFirst);
}

}  // namespace
}  // namespace gigahop::golden
