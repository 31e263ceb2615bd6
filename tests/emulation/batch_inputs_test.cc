/// Batches on their way to an emulated GPU, while the host waits for nothing.
#include "train/cuda/batch_inputs.h"

#include <gtest/gtest.h>

#include <array>

#include "ops/rows.h"

namespace gigahop::tests {
namespace {

constexpr int64_t kBatches = 7;
constexpr int64_t kWidth = 5;

/// The last is smaller: slots are not always filled to their end.
int64_t num_rows(int64_t batch) {
  return batch == kBatches - 1 ? 3 : 120;
}

float value(int64_t batch, int64_t element) {
  return static_cast<float>(1000 * batch + element % 997);
}

sampler::MiniBatch make_batch(int64_t number) {
  sampler::MiniBatch batch;
  batch.tokens.resize(num_rows(number), kWidth);
  for (int64_t i = 0; i < num_rows(number) * kWidth; ++i) batch.tokens.data()[i] = value(number, i);
  batch.sample_offsets = {0, static_cast<int32_t>(number)};
  return batch;
}

TEST(EmulatedBatches, arrive_before_they_are_read_and_stay_until_they_are) {
  Cuda dev({.scratch_bytes = int64_t{1} << 20, .product_workspace_bytes = int64_t{1} << 20});
  train::BatchInputs<Cuda> inputs(dev);
  std::array<Matrix<float, Cuda>, kBatches> found;
  for (int64_t i = 0; i < kBatches; ++i) found[static_cast<size_t>(i)].resize(num_rows(i), kWidth);
  inputs.send(make_batch(0));
  for (int64_t i = 0; i < kBatches; ++i) {
    const train::BatchInput<Cuda> input = inputs.receive();
    EXPECT_EQ(input.model.host_sample_offsets.back(), i);
    EXPECT_EQ(inputs.batch().sample_offsets.back(), i);
    ops::copy_rows<Cuda>(dev, input.model.tokens, found[static_cast<size_t>(i)]);
    if (i + 1 < kBatches) inputs.send(make_batch(i + 1));
  }
  for (int64_t i = 0; i < kBatches; ++i) {
    const Matrix<float> rows = host_copy(dev, found[static_cast<size_t>(i)].view());
    for (int64_t k = 0; k < num_rows(i) * kWidth; ++k) EXPECT_EQ(rows.data()[k], value(i, k)) << i << ", element " << k;
  }
}

}  // namespace
}  // namespace gigahop::tests
