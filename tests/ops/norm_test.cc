#include "ops/batch_norm.h"
#include "ops/layer_norm.h"
#include "ops/support.h"

namespace gigahop::ops {
namespace {

constexpr int64_t kRows[] = {0, 1, 7, 65, 300};
constexpr int64_t kCols[] = {1, 5, 64, 130};
// Rows of one or two elements are normalised to 0 or to 1 and -1: their gradient is all cancellation.
constexpr int64_t kNormCols[] = {3, 5, 64, 130};

TEST(LayerNorm, agrees_with_the_reference_forward_and_backward) {
  for (const int64_t rows : kRows) {
    for (const int64_t cols : kNormCols) {
      SCOPED_TRACE(testing::Message() << rows << " x " << cols);
      expect_as_reference(kNorm, [&]<class Device>(Device& dev) -> Arrays {
        const auto x = random_matrix<Device>(rows, cols, 1, 2);
        const auto gain = random_matrix<Device>(1, cols, 2);
        const auto shift = random_matrix<Device>(1, cols, 3);
        const auto dy = random_matrix<Device>(rows, cols, 4);
        DeviceMatrix<Device> y(rows, cols);
        DeviceMatrix<Device> dx(rows, cols);
        DeviceMatrix<Device> dgain(1, cols);
        DeviceMatrix<Device> dshift(1, cols);
        layer_norm(dev, x, as_vector(gain), as_vector(shift), y);
        layer_norm_backward(dev, x, as_vector(gain), dy, dx, as_vector(dgain), as_vector(dshift));
        return {values_of(y), values_of(dx), values_of(dgain), values_of(dshift)};
      });
    }
  }
}

TEST(LayerNorm, has_the_gradients_of_central_differences) {
  Reference dev;
  auto x = random_matrix<Reference>(3, 6, 1);
  auto gain = random_matrix<Reference>(1, 6, 2);
  auto shift = random_matrix<Reference>(1, 6, 3);
  const auto dy = random_matrix<Reference>(3, 6, 4);
  const auto loss = [&] {
    Matrix<double, Reference> y(3, 6);
    layer_norm(dev, x, as_vector(gain), as_vector(shift), y);
    return weighted_sum(y, dy);
  };
  Matrix<double, Reference> dx(3, 6);
  Matrix<double, Reference> dgain(1, 6);
  Matrix<double, Reference> dshift(1, 6);
  layer_norm_backward(dev, x, as_vector(gain), dy, dx, as_vector(dgain), as_vector(dshift));
  expect_gradient(dx, x, loss, "x");
  expect_gradient(dgain, gain, loss, "gain");
  expect_gradient(dshift, shift, loss, "shift");
}

/// The whole batch norm of one rank, as the model composes it.
template <class Device>
struct BatchNorm {
  Matrix<double, Device> mean, inverse_deviation;

  void statistics(Device& dev, In<Device> x) {
    const double rows = static_cast<double>(std::max<int64_t>(x.rows, 1));
    Matrix<double, Device> sums(1, x.cols);
    column_sums(dev, x, as_vector(sums));
    std::vector<double> values = host_values(sums);
    for (double& value : values) value /= rows;
    mean = matrix_of<Device>(1, x.cols, values);
    centred_square_sums(dev, x, as_vector(mean), as_vector(sums));
    values = host_values(sums);
    for (double& value : values) value = 1 / std::sqrt(value / rows + kNormEpsilon);
    inverse_deviation = matrix_of<Device>(1, x.cols, values);
  }
};

TEST(BatchNorm, agrees_with_the_reference_forward_and_backward) {
  for (const int64_t rows : kRows) {
    for (const int64_t cols : kCols) {
      for (const bool affine : {true, false}) {
        if (rows == 1) continue;  // normalises to zero: the quotient of two roundings
        SCOPED_TRACE(testing::Message() << rows << " x " << cols);
        expect_as_reference(kNorm, [&]<class Device>(Device& dev) -> Arrays {
          const auto x = random_matrix<Device>(rows, cols, 1, 2);
          const auto gain = random_matrix<Device>(affine ? 1 : 0, cols, 2);
          const auto shift = random_matrix<Device>(affine ? 1 : 0, cols, 3);
          const auto dy = random_matrix<Device>(rows, cols, 4);
          BatchNorm<Device> norm;
          norm.statistics(dev, x);
          DeviceMatrix<Device> y(rows, cols);
          DeviceMatrix<Device> dx(rows, cols);
          Matrix<double, Device> dy_sums(1, cols);
          Matrix<double, Device> dy_x_sums(1, cols);
          batch_norm_apply(dev, x, as_vector(norm.mean), as_vector(norm.inverse_deviation), as_vector(gain),
                           as_vector(shift), y);
          batch_norm_backward_sums(dev, x, as_vector(norm.mean), as_vector(norm.inverse_deviation), dy,
                                   as_vector(dy_sums), as_vector(dy_x_sums));
          batch_norm_backward_apply(dev, x, as_vector(norm.mean), as_vector(norm.inverse_deviation), as_vector(gain),
                                    dy, as_vector(dy_sums), as_vector(dy_x_sums), rows, dx);
          return {values_of(norm.mean), values_of(norm.inverse_deviation),
                  values_of(y),         values_of(dx),
                  values_of(dy_sums),   values_of(dy_x_sums)};
        });
      }
    }
  }
}

TEST(BatchNorm, keeps_its_digits_when_the_mean_is_large) {
  Matrix<float> x = random_matrix<Cpu>(500, 3, 1);
  for (int64_t i = 0; i < 1500; ++i) x.data()[i] = 4096 + std::round(x.data()[i] * 64) / 64;
  on_each_device([&]<class Device>(Device& dev) {
    BatchNorm<Device> norm;
    norm.statistics(dev, matrix_of<Device>(500, 3, host_values(x)));
    const std::vector<double> mean = values_of(norm.mean);
    const std::vector<double> inverse_deviation = values_of(norm.inverse_deviation);
    for (int64_t c = 0; c < 3; ++c) {
      double squares = 0;
      for (int64_t r = 0; r < 500; ++r) squares += std::pow(x.row(r)[c] - mean[c], 2);
      EXPECT_NEAR(inverse_deviation[c], 1 / std::sqrt(squares / 500 + kNormEpsilon), 1e-12);
    }
  });
}

TEST(BatchNorm, has_the_gradients_of_central_differences) {
  Reference dev;
  auto x = random_matrix<Reference>(6, 3, 1);
  auto gain = random_matrix<Reference>(1, 3, 2);
  auto shift = random_matrix<Reference>(1, 3, 3);
  const auto dy = random_matrix<Reference>(6, 3, 4);
  BatchNorm<Reference> norm;
  const auto loss = [&] {
    Matrix<double, Reference> y(6, 3);
    norm.statistics(dev, x);
    batch_norm_apply(dev, x, as_vector(norm.mean), as_vector(norm.inverse_deviation), as_vector(gain), as_vector(shift),
                     y);
    return weighted_sum(y, dy);
  };
  loss();
  Matrix<double, Reference> dx(6, 3);
  Matrix<double, Reference> dshift(1, 3);
  Matrix<double, Reference> dgain(1, 3);
  batch_norm_backward_sums(dev, x, as_vector(norm.mean), as_vector(norm.inverse_deviation), dy, as_vector(dshift),
                           as_vector(dgain));
  batch_norm_backward_apply(dev, x, as_vector(norm.mean), as_vector(norm.inverse_deviation), as_vector(gain), dy,
                            as_vector(dshift), as_vector(dgain), 6, dx);
  expect_gradient(dx, x, loss, "x");
  expect_gradient(dgain, gain, loss, "gain");
  expect_gradient(dshift, shift, loss, "shift");
}

}  // namespace
}  // namespace gigahop::ops
