/// Batches on their way to an emulated GPU, while the host waits for nothing.
#include "train/cuda/batch_inputs.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "ops/rows.h"

namespace gigahop::tests {
namespace {

constexpr int64_t kBatches = 7;
constexpr int64_t kFeatures = 5;
constexpr int64_t kWidth = 3 * kFeatures;
constexpr int64_t kOwned = 60;
constexpr int64_t kCached = 9;

/// The last is smaller: slots are not always filled to their end.
int64_t num_nodes(int64_t batch) {
  return batch == kBatches - 1 ? 3 : 120;
}

/// Rows of the number's own.
std::vector<float> some_rows(int64_t number, int64_t count) {
  std::vector<float> rows;
  for (int64_t i = 0; i < count * kWidth; ++i) rows.push_back(static_cast<float>(1000 * number + i % 997));
  return rows;
}

Buffer<std::byte> bytes_of(const std::vector<float>& rows) {
  Buffer<std::byte> bytes(static_cast<int64_t>(rows.size() * sizeof(float)));
  std::memcpy(bytes.data(), rows.data(), rows.size() * sizeof(float));
  return bytes;
}

/// A batch, and what its tokens are: of rows everywhere, by turns.
struct Case {
  sampler::MiniBatch batch;
  std::vector<float> tokens;
};

/// `cached`: the slots of the cache, which the last batches change. The host waits for that, and should not before.
Case make_case(int64_t number, const std::vector<float>& owned, std::vector<float>& cached) {
  Case made;
  std::vector<float> fetched;
  if (number >= kBatches - 2) {
    for (const std::vector<int32_t>& slots : {std::vector<int32_t>{8, static_cast<int32_t>(number)}, {0}}) {
      const auto count = static_cast<int64_t>(slots.size());
      const std::vector<float> fresh = some_rows(100 + 10 * number + count, count);
      for (int64_t i = 0; i < count; ++i) {
        std::copy_n(fresh.begin() + i * kWidth, kWidth, cached.begin() + slots[static_cast<size_t>(i)] * kWidth);
      }
      made.batch.new_cached.push_back({slots, bytes_of(fresh)});
    }
  }
  for (int64_t u = 0; u < num_nodes(number); ++u) {
    std::vector<float> row;
    if (u % 3 == 0) {
      row = some_rows(10 * number + u, 1);
      made.batch.places.push_back(kOwned + kCached + static_cast<int64_t>(fetched.size()) / kWidth);
      fetched.insert(fetched.end(), row.begin(), row.end());
    } else {
      const bool is_owned = u % 3 == 1;
      const int64_t place = (u + number) % (is_owned ? kOwned : kCached);
      const auto first = (is_owned ? owned : cached).begin() + place * kWidth;
      row.assign(first, first + kWidth);
      made.batch.places.push_back(is_owned ? place : kOwned + place);
    }
    made.tokens.insert(made.tokens.end(), row.begin(), row.end());
  }
  made.batch.fetched = bytes_of(fetched);
  made.batch.sample_offsets = {0, static_cast<int32_t>(number)};
  return made;
}

struct Way {
  int64_t device_budget_bytes;
  int64_t ahead;  // batches sent before the one before them is received
};

class EmulatedBatches : public testing::TestWithParam<Way> {};

TEST_P(EmulatedBatches, arrive_before_they_are_read_and_stay_until_they_are) {
  Cuda dev({.scratch_bytes = int64_t{1} << 20, .product_workspace_bytes = int64_t{1} << 20});
  const std::vector<float> owned = some_rows(1, kOwned);
  const std::span<const std::byte> bytes = std::as_bytes(std::span(owned));
  train::TokenRows<Cuda> rows(dev, {.owned = {bytes.first(7 * kWidth * 4), bytes.subspan(7 * kWidth * 4)},
                                    .feature_width = kFeatures,
                                    .cache_capacity = kCached,
                                    .device_budget_bytes = GetParam().device_budget_bytes});
  EXPECT_EQ(rows.are_owned_on_device(), GetParam().device_budget_bytes > 0);
  std::vector<float> cached = some_rows(2, kCached);
  rows.put_cached(std::vector<sampler::CachedRows>(1));
  sampler::MiniBatch first;
  first.new_cached.push_back({{0, 1, 2, 3, 4, 5, 6, 7, 8}, bytes_of(cached)});
  rows.put_cached(first.new_cached);

  train::BatchInputs<Cuda> inputs(dev, rows);
  std::array<Matrix<float, Cuda>, kBatches> found;
  std::array<std::vector<float>, kBatches> expected;
  for (int64_t i = 0; i < kBatches; ++i) found[static_cast<size_t>(i)].resize(3 * num_nodes(i), kFeatures);
  const auto send = [&](int64_t number) {
    Case made = make_case(number, owned, cached);
    expected[static_cast<size_t>(number)] = made.tokens;
    inputs.send(std::move(made.batch));
  };
  const int64_t ahead = GetParam().ahead;
  for (int64_t i = 0; i < ahead; ++i) send(i);
  for (int64_t i = 0; i < kBatches; ++i) {
    const train::BatchInput<Cuda> input = inputs.receive();
    EXPECT_EQ(input.model.host_sample_offsets.back(), i);
    EXPECT_EQ(inputs.batch().sample_offsets.back(), i);
    ops::copy_rows<Cuda>(dev, input.model.tokens, found[static_cast<size_t>(i)]);
    if (i + ahead < kBatches) send(i + ahead);
  }
  for (int64_t i = 0; i < kBatches; ++i) {
    const Matrix<float> tokens = host_copy(dev, found[static_cast<size_t>(i)].view());
    const std::vector<float> values(tokens.data(), tokens.data() + tokens.rows() * tokens.cols());
    EXPECT_EQ(values, expected[static_cast<size_t>(i)]) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(OfRowsOnTheDeviceAndOnTheHost, EmulatedBatches,
                         testing::Values(Way{1 << 20, 1}, Way{0, 1}, Way{1 << 20, 2}, Way{0, 2}));

}  // namespace
}  // namespace gigahop::tests
