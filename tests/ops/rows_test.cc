/// Softmax, cross-entropy, Adam, sums, moves and conversions.
#include "ops/rows.h"

#include "base/error.h"
#include "ops/adam.h"
#include "ops/codebook.h"
#include "ops/convert.h"
#include "ops/cpu/clones.h"
#include "ops/cross_entropy.h"
#include "ops/softmax.h"
#include "ops/support.h"
#include "ops/vector.h"

namespace gigahop::ops {
namespace {

constexpr int64_t kRows[] = {0, 1, 7, 65, 300};
constexpr int64_t kSizes[] = {0, 1, 33, 16384, 40001};

std::vector<int32_t> some_indices(int64_t count, int32_t below) {
  std::vector<int32_t> indices;
  for (int64_t i = 0; i < count; ++i) indices.push_back(static_cast<int32_t>((i * 37 + i / 5) % below));
  return indices;
}

TEST(FastExp, is_within_one_unit_in_the_last_place) {
  for (double x = -87; x < 88; x += 0.0137) {
    const auto argument = static_cast<float>(x);
    const double expected = std::exp(static_cast<double>(argument));
    EXPECT_NEAR(cpu::fast_exp(argument) / expected, 1, 0x1p-23) << argument;
  }
  EXPECT_EQ(cpu::fast_exp(0), 1);
  EXPECT_LT(cpu::fast_exp(-1e30F), 1e-37F);
  EXPECT_TRUE(std::isfinite(cpu::fast_exp(1e30F)));
}

template <class Device>
CrossEntropy cross_entropy_of(Device& dev, In<Device> logits, const std::vector<int32_t>& labels, double scale,
                              Out<Device> dlogits) {
  ReadBack<CrossEntropy, Device> result;
  cross_entropy(dev, logits, on_device<Device>(labels), scale, dlogits, {result.on_device(), 1});
  return read<Device>(dev, result);
}

TEST(CrossEntropy, agrees_with_the_reference_with_its_gradient) {
  for (const int64_t rows : kRows) {
    for (const int64_t classes : {1, 2, 47}) {
      const auto labels = some_indices(rows, static_cast<int32_t>(classes));
      expect_as_reference(kAttention, [&]<class Device>(Device& dev) -> Arrays {
        const auto logits = random_matrix<Device>(rows, classes, 1, 5);
        DeviceMatrix<Device> dlogits(rows, classes);
        DeviceMatrix<Device> weights(rows, classes);
        Matrix<int32_t, Device> best(1, rows);
        const CrossEntropy loss = cross_entropy_of<Device>(dev, logits, labels, 0.01, dlogits);
        const CrossEntropy without = cross_entropy_of<Device>(dev, logits, labels, 0.01, {});
        EXPECT_EQ(without.loss_sum, loss.loss_sum);
        softmax_rows(dev, logits, weights);
        argmax_rows(dev, logits, as_vector(best));
        return {{loss.loss_sum}, {loss.num_correct}, values_of(dlogits), values_of(weights), values_of(best)};
      });
    }
  }
}

TEST(CrossEntropy, is_the_same_where_the_gradient_replaces_the_logits) {
  on_each_device([]<class Device>(Device& dev) {
    const std::vector<int32_t> labels = some_indices(20, 47);
    auto logits = random_matrix<Device>(20, 47, 1, 5);
    DeviceMatrix<Device> dlogits(20, 47);
    const CrossEntropy apart = cross_entropy_of<Device>(dev, logits, labels, 0.01, dlogits);
    const CrossEntropy in_place = cross_entropy_of<Device>(dev, logits, labels, 0.01, logits);
    EXPECT_EQ(in_place.loss_sum, apart.loss_sum);
    EXPECT_EQ(values_of(logits), values_of(dlogits));
  });
}

TEST(CrossEntropy, has_the_gradient_of_central_differences) {
  Reference dev;
  const std::vector<int32_t> labels = {0, 2, 1};
  auto logits = random_matrix<Reference>(3, 4, 1);
  Matrix<double, Reference> dlogits(3, 4);
  cross_entropy_of<Reference>(dev, logits, labels, 0.5, dlogits);
  expect_gradient(
      dlogits, logits, [&] { return 0.5 * cross_entropy_of<Reference>(dev, logits, labels, 0.5, {}).loss_sum; },
      "logits");
}

TEST(CrossEntropy, is_finite_for_large_logits_and_refuses_labels_out_of_range) {
  on_each_device([]<class Device>(Device& dev) {
    const auto logits = matrix_of<Device>(3, 2, std::vector{1e30F, -1e30F, 1.0F, 2.0F, 3.0F, 4.0F});
    const CrossEntropy all = cross_entropy_of<Device>(dev, logits, {1, 0, 1}, 1, {});
    EXPECT_TRUE(std::isfinite(all.loss_sum));
    EXPECT_EQ(all.num_correct, 1);
    EXPECT_NO_THROW(all.check());
    const CrossEntropy some = cross_entropy_of<Device>(dev, logits, {2, -1, 1}, 1, {});
    EXPECT_EQ(some.num_refused, 2);
    EXPECT_EQ(some.num_correct, 1);
    EXPECT_THROW(some.check(), Error);
  });
}

TEST(Adam, agrees_with_the_reference_over_several_steps) {
  for (const int64_t size : kSizes) {
    expect_as_reference(kProduct, [&]<class Device>(Device& dev) -> Arrays {
      auto values = random_matrix<Device>(1, size, 1);
      auto first = filled<Device>(1, size, 0);
      auto second = filled<Device>(1, size, 0);
      for (int64_t step = 1; step <= 3; ++step) {
        const auto gradients = random_matrix<Device>(1, size, static_cast<uint64_t>(step) + 1);
        ReadBack<double, Device> square_sum;
        sum_of_squares(dev, as_vector(gradients), {square_sum.on_device(), 1});
        const AdamOptions options{.learning_rate = 0.01,
                                  .weight_decay = 0.1,
                                  .clip_gradient_norm = 0.25 * std::sqrt(static_cast<double>(size))};
        adam(dev, options, step, {square_sum.on_device(), 1}, as_vector(gradients), as_vector(first), as_vector(second),
             as_vector(values));
      }
      return {values_of(values), values_of(first), values_of(second)};
    });
  }
}

/// As PyTorch has it, whose 1 - beta is a double; float's own would be off by 1.3e-5 of it.
TEST(Adam, adds_to_moments_what_double_precision_leaves_of_one) {
  on_each_device([]<class Device>(Device& dev) {
    const auto gradients = filled<Device>(1, 1, 2);
    auto values = filled<Device>(1, 1, 0);
    auto first = filled<Device>(1, 1, 0);
    auto second = filled<Device>(1, 1, 0);
    ReadBack<double, Device> square_sum;
    sum_of_squares(dev, as_vector(gradients), {square_sum.on_device(), 1});
    adam(dev, {}, 1, {square_sum.on_device(), 1}, as_vector(gradients), as_vector(first), as_vector(second),
         as_vector(values));
    EXPECT_FLOAT_EQ(static_cast<float>(values_of(first)[0]), 0.2F);
    EXPECT_FLOAT_EQ(static_cast<float>(values_of(second)[0]), 0.004F);
  });
}

TEST(Vectors, agree_with_the_reference) {
  for (const int64_t size : kSizes) {
    expect_as_reference(kElementWise, [&]<class Device>(Device& dev) -> Arrays {
      const auto x = random_matrix<Device>(1, size, 1);
      auto y = random_matrix<Device>(1, size, 2);
      scale(dev, 0.3, as_vector(y));
      add(dev, as_vector(x), as_vector(y));
      ReadBack<double, Device> sum;
      sum_of_squares(dev, as_vector(x), {sum.on_device(), 1});
      return {{read<Device>(dev, sum)}, values_of(y)};
    });
  }
}

TEST(Codes, of_seeds_are_taken_from_those_of_all_nodes_and_put_back) {
  constexpr int64_t kNodes = 300;
  std::vector<uint16_t> codes;
  for (int64_t node = 0; node < kNodes; ++node) codes.push_back(static_cast<uint16_t>(65535 - node));
  for (const int64_t seeds : {int64_t{0}, int64_t{1}, int64_t{100}}) {
    std::vector<LocalId> nodes;
    std::vector<int32_t> given;
    for (int64_t b = 0; b < seeds; ++b) {
      nodes.emplace_back(static_cast<int32_t>((b * 7 + 3) % kNodes));
      given.push_back(static_cast<int32_t>(40000 + b));
    }
    expect_as_reference({}, [&]<class Device>(Device& dev) -> Arrays {
      Matrix<int32_t, Device> taken(1, seeds);
      take_codes<Device>(dev, on_device<Device>(codes), on_device<Device>(nodes), as_vector(taken));
      auto changed = matrix_of<Device>(1, kNodes, codes);
      put_codes<Device>(dev, on_device<Device>(given), on_device<Device>(nodes), as_vector(changed));
      if (seeds > 0) {
        EXPECT_EQ(host_values(taken).front(), 65535 - 3);
        EXPECT_EQ(host_values(changed)[3], 40000);
      }
      return {values_of(taken), values_of(changed)};
    });
  }
}

TEST(Rows, are_gathered_scattered_copied_and_added) {
  for (const int64_t rows : kRows) {
    for (const int64_t cols : {1, 16, 37}) {
      const auto indices = some_indices(rows, 9);
      expect_as_reference(kElementWise, [&]<class Device>(Device& dev) -> Arrays {
        const auto table = random_matrix<Device>(9, cols, 1);
        DeviceMatrix<Device> gathered(rows, cols);
        gather_rows(dev, table, on_device<Device>(indices), gathered);
        auto scattered = random_matrix<Device>(9, cols, 2);
        scatter_add_rows(dev, random_matrix<Device>(rows, cols, 3), on_device<Device>(indices), scattered);
        auto wide = random_matrix<Device>(rows, cols + 5, 4);
        copy_rows(dev, gathered, wide.view().columns(2, cols));
        add_rows(dev, gathered, wide.view().columns(5, cols));
        return {values_of(gathered), values_of(scattered), values_of(wide)};
      });
    }
  }
}

TEST(Convert, is_exact_for_every_half_precision_number) {
  std::vector<Float16> halves;
  std::vector<BFloat16> bhalves;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    halves.push_back({static_cast<uint16_t>(bits)});
    bhalves.push_back({static_cast<uint16_t>(bits)});
  }
  on_each_device([&]<class Device>(Device& dev) {
    Matrix<float, Device> from_half(1, 0x10000);
    Matrix<float, Device> from_bhalf(1, 0x10000);
    convert<Device>(dev, on_device<Device>(halves), as_vector(from_half));
    convert<Device>(dev, on_device<Device>(bhalves), as_vector(from_bhalf));
    const std::vector<float> found_half = host_values(from_half);
    const std::vector<float> found_bhalf = host_values(from_bhalf);
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
      ASSERT_EQ(std::bit_cast<uint32_t>(found_half[bits]), std::bit_cast<uint32_t>(to_float(halves[bits]))) << bits;
      ASSERT_EQ(std::bit_cast<uint32_t>(found_bhalf[bits]), std::bit_cast<uint32_t>(to_float(bhalves[bits]))) << bits;
    }
  });
}

}  // namespace
}  // namespace gigahop::ops
