/// Global attention and nearest codewords.
#include "ops/global_attention.h"
#include "ops/nearest_codeword.h"
#include "ops/rows.h"
#include "ops/support.h"

namespace gigahop::ops {
namespace {

struct GlobalCase {
  int64_t num_seeds, num_codewords, num_heads, head_width;
};

const GlobalCase kGlobalCases[] = {{0, 3, 1, 2}, {1, 1, 1, 1}, {7, 5, 2, 3}, {70, 33, 2, 17}, {520, 300, 1, 9}};

std::vector<int64_t> some_histogram(int64_t num_codewords) {
  std::vector<int64_t> histogram;
  for (int64_t m = 0; m < num_codewords; ++m) histogram.push_back(m % 3 == 1 ? 0 : m * m + 1);
  return histogram;
}

TEST(GlobalAttention, agrees_with_the_reference_forward_and_backward) {
  for (const auto& [seeds, codewords, heads, head_width] : kGlobalCases) {
    for (const bool empty : {false, true}) {
      SCOPED_TRACE(testing::Message() << seeds << " x " << codewords);
      const auto histogram = empty ? std::vector<int64_t>(codewords, 0) : some_histogram(codewords);
      const int64_t width = heads * head_width;
      const auto run = [&]<class Device>(Device& dev) -> Arrays {
        const auto query = random_matrix<Device>(seeds, width, 1);
        const auto keys = random_matrix<Device>(codewords, width, 2);
        const auto values = random_matrix<Device>(codewords, width, 3);
        const auto dout = random_matrix<Device>(seeds, width, 4);
        auto out = filled<Device>(seeds, width, NAN);
        auto dquery = filled<Device>(seeds, width, NAN);
        auto dkeys = filled<Device>(codewords, width, NAN);
        auto dvalues = filled<Device>(codewords, width, NAN);
        global_attention(dev, heads, query, keys, values, on_device<Device>(histogram), out);
        global_attention_backward(dev, heads, query, keys, values, on_device<Device>(histogram), dout, dquery, dkeys,
                                  dvalues);
        return {values_of(out), values_of(dquery), values_of(dkeys), values_of(dvalues)};
      };
      expect_as_reference(kAttention, run);
      expect_as_reference(kRoundedAttention, run, Precision::kBFloat16);
    }
  }
}

TEST(GlobalAttention, has_the_gradients_of_central_differences) {
  Reference dev;
  const auto histogram = some_histogram(5);
  auto query = random_matrix<Reference>(3, 6, 1);
  auto keys = random_matrix<Reference>(5, 6, 2);
  auto values = random_matrix<Reference>(5, 6, 3);
  const auto dout = random_matrix<Reference>(3, 6, 4);
  Matrix<double, Reference> out(3, 6);
  Matrix<double, Reference> dquery(3, 6);
  Matrix<double, Reference> dkeys(5, 6);
  Matrix<double, Reference> dvalues(5, 6);
  const auto loss = [&] {
    global_attention(dev, 2, query, keys, values, on_device<Reference>(histogram), out);
    return weighted_sum(out, dout);
  };
  global_attention_backward(dev, 2, query, keys, values, on_device<Reference>(histogram), dout, dquery, dkeys, dvalues);
  expect_gradient(dquery, query, loss, "query");
  expect_gradient(dkeys, keys, loss, "keys");
  expect_gradient(dvalues, values, loss, "values");
}

TEST(NearestCodeword, agrees_with_the_reference_and_takes_the_lowest_of_equal_ones) {
  for (const auto& [rows, codewords, heads, width] : kGlobalCases) {
    expect_as_reference(kExact, [&]<class Device>(Device& dev) -> Arrays {
      const auto g = random_matrix<Device>(rows, width, 1);
      auto words = random_matrix<Device>(codewords, width, 2);
      if (codewords > 4) copy_rows(dev, words.view().row_range(1, 1), words.view().row_range(4, 1));
      Matrix<int32_t, Device> codes(1, rows);
      nearest_codeword(dev, g, words, as_vector(codes));
      for (const double code : values_of(codes)) EXPECT_TRUE(codewords <= 4 || code != 4);
      return {values_of(codes)};
    });
  }
}

}  // namespace
}  // namespace gigahop::ops
