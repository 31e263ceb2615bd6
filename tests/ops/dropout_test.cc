#include "ops/dropout.h"

#include "ops/cpu/words.h"
#include "ops/support.h"

namespace gigahop::ops {
namespace {

std::vector<OriginalId> some_ids(int64_t count) {
  std::vector<OriginalId> ids;
  for (int64_t i = 0; i < count; ++i) ids.emplace_back(i * 7 + (i % 2) * (int64_t{1} << 40));
  return ids;
}

Dropout some_dropout(double probability) {
  return {.key = {0x123456789abcdef0}, .purpose = Purpose::kDropoutToken, .step = 77, .probability = probability};
}

TEST(Words, are_those_of_random_words_bit_for_bit) {
  const Dropout dropout = some_dropout(0.5);
  for (const OriginalId id : some_ids(3)) {
    for (const int64_t count : {0, 1, 7, 16, 33, 300}) {
      std::vector<uint32_t> words(4 * count + 1, 42);
      cpu::fill_words(cpu::word_stream(dropout, id), 0xfffffff0, count, words.data());
      for (int64_t i = 0; i < count; ++i) {
        const RandomWords expected =
            random_words(dropout.key, dropout.purpose, dropout.step, static_cast<uint64_t>(id.value),
                         0xfffffff0 + static_cast<uint32_t>(i));
        for (int64_t j = 0; j < 4; ++j) ASSERT_EQ(words[4 * i + j], expected[j]) << i << " " << j;
      }
      EXPECT_EQ(words.back(), 42U);
    }
  }
}

TEST(Dropout, drops_the_elements_its_definition_drops) {
  for (const double probability : {0.0, 0.3, 0.5, 0.9}) {
    for (const int64_t num_ids : {0, 1, 45}) {
      for (const int64_t cols : {1, 5, 64, 1030}) {
        for (const int64_t rows_per_id : {1, 3}) {
          SCOPED_TRACE(testing::Message() << probability << " " << num_ids << " " << cols << " " << rows_per_id);
          const auto ids = some_ids(num_ids);
          expect_as_reference(kElementWise, [&]<class Device>(Device& dev) -> Arrays {
            const auto x = random_matrix<Device>(num_ids * rows_per_id, cols, 1);
            auto dropped = x.rows() == 0 ? DeviceMatrix<Device>(0, cols) : filled<Device>(x.rows(), cols, 9);
            auto rectified = filled<Device>(x.rows(), cols, 9);
            auto dx = filled<Device>(x.rows(), cols, 9);
            const auto id_view = on_device<Device>(ids);
            drop_rows(dev, x, some_dropout(probability), id_view, rows_per_id, dropped);
            relu_drop_rows(dev, x, some_dropout(probability), id_view, rows_per_id, rectified);
            relu_drop_rows_backward(dev, x, rectified, probability, dx);
            return {values_of(dropped), values_of(rectified), values_of(dx)};
          });
        }
      }
    }
  }
}

TEST(Dropout, works_in_place) {
  const auto ids = some_ids(10);
  on_each_device([&]<class Device>(Device& dev) {
    auto x = random_matrix<Device>(10, 33, 1);
    auto y = random_matrix<Device>(10, 33, 2);
    drop_rows(dev, x, some_dropout(0.4), on_device<Device>(ids), 1, y);
    drop_rows(dev, x, some_dropout(0.4), on_device<Device>(ids), 1, x);
    EXPECT_EQ(values_of(x), values_of(y));
  });
}

TEST(Dropout, keeps_the_share_it_should_and_depends_on_step_and_id) {
  const int64_t rows = 200;
  const int64_t cols = 500;
  const double probability = 0.3;
  const auto ids = some_ids(rows);
  Cpu dev;
  const auto ones = filled<Cpu>(rows, cols, 1);
  Matrix<float> y(rows, cols);
  Matrix<float> other(rows, cols);
  Dropout dropout = some_dropout(probability);
  drop_rows(dev, ones, dropout, on_device<Cpu>(ids), 1, y);
  dropout.step += 1;
  drop_rows(dev, ones, dropout, on_device<Cpu>(ids), 1, other);
  double kept = 0;
  double equal = 0;
  double equal_next_row = 0;
  for (int64_t i = 0; i < rows * cols; ++i) {
    kept += y.data()[i] > 0 ? 1 : 0;
    equal += (y.data()[i] > 0) == (other.data()[i] > 0) ? 1 : 0;
    equal_next_row += (y.data()[i] > 0) == (y.data()[(i + cols) % (rows * cols)] > 0) ? 1 : 0;
  }
  const double n = static_cast<double>(rows * cols);
  const double by_chance = probability * probability + (1 - probability) * (1 - probability);
  const double five_deviations = 5 * 0.5 / std::sqrt(n);
  EXPECT_NEAR(kept / n, 1 - probability, five_deviations);
  EXPECT_NEAR(equal / n, by_chance, five_deviations);
  EXPECT_NEAR(equal_next_row / n, by_chance, five_deviations);
}

TEST(Dropout, after_relu_has_the_gradient_of_central_differences) {
  Reference dev;
  const auto ids = some_ids(4);
  auto x = random_matrix<Reference>(12, 5, 1);
  const auto dy = random_matrix<Reference>(12, 5, 2);
  Matrix<double, Reference> y(12, 5);
  const auto loss = [&] {
    relu_drop_rows(dev, x, some_dropout(0.4), on_device<Reference>(ids), 3, y);
    return weighted_sum(y, dy);
  };
  Matrix<double, Reference> dx(12, 5);
  loss();
  relu_drop_rows_backward(dev, dy, y, 0.4, dx);
  expect_gradient(dx, x, loss, "x");
}

}  // namespace
}  // namespace gigahop::ops
