#include "train/optimizer.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"

namespace gigahop::train {
namespace {

/// Adam as its paper writes it, in double, one parameter at a time.
struct ReferenceAdam {
  std::vector<double> values, first, second;

  void update(const std::vector<double>& gradients, int64_t step, double rate, double decay, double clip) {
    double norm = 0;
    for (const double g : gradients) norm += g * g;
    const double scale = clip > 0 && std::sqrt(norm) > clip ? clip / std::sqrt(norm) : 1;
    for (size_t i = 0; i < values.size(); ++i) {
      const double g = gradients[i] * scale + decay * values[i];
      first[i] = 0.9 * first[i] + 0.1 * g;
      second[i] = 0.999 * second[i] + 0.001 * g * g;
      const double m = first[i] / (1 - std::pow(0.9, static_cast<double>(step + 1)));
      const double v = second[i] / (1 - std::pow(0.999, static_cast<double>(step + 1)));
      values[i] -= rate * m / (std::sqrt(v) + 1e-8);
    }
  }
};

float number(int64_t step, size_t i) {
  const RandomWords words = random_words(RandomKey{9}, Purpose::kTest, static_cast<uint64_t>(step), i, 0);
  return to_normal(words[0], words[1]);
}

TEST(Optimizer, follows_adam_in_double_with_decay_and_clipping) {
  constexpr size_t kSize = 1003;
  for (const double clip : {0.0, 1.0, 1e6}) {
    for (const double decay : {0.0, 0.1}) {
      Cpu device{.num_threads = 2};
      Optimizer<Cpu> optimizer(device, kSize, {.weight_decay = decay, .clip_gradient_norm = clip});
      std::vector<float> values(kSize);
      for (size_t i = 0; i < kSize; ++i) values[i] = number(100, i);
      ReferenceAdam reference{{values.begin(), values.end()}, std::vector<double>(kSize), std::vector<double>(kSize)};
      for (int64_t step = 0; step < 20; ++step) {
        std::vector<float> gradients(kSize);
        for (size_t i = 0; i < kSize; ++i) gradients[i] = number(step, i);
        const double rate = 0.01 * static_cast<double>(step + 1);
        double found = 0;
        optimizer.update(step, rate, {gradients.data(), kSize}, {values.data(), kSize}, {&found, 1});
        reference.update({gradients.begin(), gradients.end()}, step, rate, decay, clip);
        double square_sum = 0;
        for (const float g : gradients) square_sum += static_cast<double>(g) * g;
        EXPECT_NEAR(found, square_sum, 2e-5 * square_sum);
      }
      for (size_t i = 0; i < kSize; ++i) EXPECT_NEAR(values[i], reference.values[i], 2e-5) << i;
    }
  }
}

TEST(Optimizer, of_nothing_does_nothing) {
  Cpu device;
  Optimizer<Cpu> optimizer(device, 0, {});
  double square_sum = 1;
  optimizer.update(0, 0.1, {}, {}, {&square_sum, 1});
  EXPECT_EQ(square_sum, 0);
}

}  // namespace
}  // namespace gigahop::train
