#include "ops/product.h"

#include "base/error.h"
#include "ops/linear.h"
#include "ops/support.h"

namespace gigahop::ops {
namespace {

struct ProductCase {
  int64_t m, n, k;
};

const ProductCase kProductCases[] = {{0, 3, 2},    {3, 0, 2},     {3, 2, 0},    {1, 1, 1},      {7, 5, 3},
                                     {65, 33, 17}, {300, 600, 5}, {513, 40, 9}, {11, 13, 5000}, {70, 3, 2049}};

TEST(Product, agrees_with_the_reference_for_every_transposition_alpha_and_beta) {
  for (const auto& [m, n, k] : kProductCases) {
    for (const Transpose ta : {Transpose::kNo, Transpose::kYes}) {
      for (const Transpose tb : {Transpose::kNo, Transpose::kYes}) {
        for (const float beta : {0.0F, 1.0F, -0.5F}) {
          SCOPED_TRACE(testing::Message() << m << " " << n << " " << k << " beta " << beta);
          expect_as_reference(kProduct, [&]<class Device>(Device& dev) -> Arrays {
            const auto a = ta == Transpose::kNo ? random_matrix<Device>(m, k, 1) : random_matrix<Device>(k, m, 1);
            const auto b = tb == Transpose::kNo ? random_matrix<Device>(k, n, 2) : random_matrix<Device>(n, k, 2);
            auto c = random_matrix<Device>(m, n, 3);
            product(dev, ta, tb, Real<Device>{0.75}, a, b, Real<Device>{beta}, c);
            return {values_of(c)};
          });
        }
      }
    }
  }
}

TEST(Product, overwrites_what_is_not_a_number_if_beta_is_zero) {
  for (const int64_t depth : {0, 3, 5000}) {
    on_each_device([&]<class Device>(Device& dev) {
      const auto a = random_matrix<Device>(4, depth, 1);
      const auto b = random_matrix<Device>(depth, 5, 2);
      auto c = filled<Device>(4, 5, NAN);
      product(dev, Transpose::kNo, Transpose::kNo, 1, a, b, 0, c);
      for (const double value : values_of(c)) EXPECT_TRUE(std::isfinite(value));
    });
  }
}

TEST(Product, works_on_columns_of_wider_matrices_and_leaves_the_others) {
  expect_as_reference(kProduct, []<class Device>(Device& dev) -> Arrays {
    const auto a = random_matrix<Device>(9, 12, 1);
    const auto b = random_matrix<Device>(5, 20, 2);
    auto c = random_matrix<Device>(9, 30, 3);
    product(dev, Transpose::kNo, Transpose::kNo, 1, a.view().columns(3, 5), b.view().columns(7, 11), 1,
            c.view().columns(10, 11));
    return {values_of(c)};
  });
}

TEST(Product, refuses_extents_that_disagree) {
  on_each_device([]<class Device>(Device& dev) {
    const Matrix<float, Device> a(2, 3);
    Matrix<float, Device> c(2, 2);
    EXPECT_THROW(product(dev, Transpose::kNo, Transpose::kNo, 1, a, a, 0, c), Error);
  });
}

TEST(Product, counts_the_seconds_it_takes) {
  Cpu dev;
  const auto a = random_matrix<Cpu>(200, 200, 1);
  Matrix<float> c(200, 200);
  product(dev, Transpose::kNo, Transpose::kNo, 1, a, a, 0, c);
  EXPECT_GT(dev.product_seconds, 0);
}

TEST(Linear, agrees_with_the_reference_forward_and_backward) {
  for (const auto& [rows, out, in] : kProductCases) {
    if (out == 0 || in == 0) continue;
    for (const Write write : {Write::kOverwrite, Write::kAdd}) {
      SCOPED_TRACE(testing::Message() << rows << " " << out << " " << in);
      const auto run = [&]<class Device>(Device& dev) -> Arrays {
        const auto x = random_matrix<Device>(rows, in, 1);
        const auto weight = random_matrix<Device>(out, in, 2);
        const auto bias = random_matrix<Device>(1, out, 3);
        const auto dy = random_matrix<Device>(rows, out, 4);
        auto y = random_matrix<Device>(rows, out, 5);
        auto dx = random_matrix<Device>(rows, in, 6);
        auto dweight = random_matrix<Device>(out, in, 7);
        auto dbias = random_matrix<Device>(1, out, 8);
        linear(dev, x, weight, as_vector(bias), y);
        linear_backward_input(dev, dy, weight, write, dx);
        linear_backward_parameters(dev, dy, x, write, dweight, as_vector(dbias));
        return {values_of(y), values_of(dx), values_of(dweight), values_of(dbias)};
      };
      expect_as_reference(kProduct, run);
      expect_as_reference(kRoundedProduct, run, Precision::kBFloat16);
    }
  }
}

TEST(Linear, has_the_gradients_of_central_differences) {
  Reference dev;
  auto x = random_matrix<Reference>(4, 3, 1);
  auto weight = random_matrix<Reference>(5, 3, 2);
  auto bias = random_matrix<Reference>(1, 5, 3);
  const auto dy = random_matrix<Reference>(4, 5, 4);
  const auto loss = [&] {
    Matrix<double, Reference> y(4, 5);
    linear(dev, x, weight, as_vector(bias), y);
    return weighted_sum(y, dy);
  };
  Matrix<double, Reference> dx(4, 3);
  Matrix<double, Reference> dweight(5, 3);
  Matrix<double, Reference> dbias(1, 5);
  linear_backward_input(dev, dy, weight, Write::kOverwrite, dx);
  linear_backward_parameters(dev, dy, x, Write::kOverwrite, dweight, as_vector(dbias));
  expect_gradient(dx, x, loss, "x");
  expect_gradient(dweight, weight, loss, "weight");
  expect_gradient(dbias, bias, loss, "bias");
}

}  // namespace
}  // namespace gigahop::ops
