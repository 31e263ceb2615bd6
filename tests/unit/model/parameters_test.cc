/// The flat buffer of parameters: layout, names, initial values.
#include "model/parameters.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/error.h"
#include "golden/recorded_case.h"
#include "model/architecture.h"

namespace gigahop::model {
namespace {

ModelShape wide_shape(Attention attention) {
  ModelShape shape = golden::recorded_shape(attention);
  shape.hidden_width = 64;
  return shape;
}

Cpu& cpu() {
  static Cpu dev;
  return dev;
}

struct Moments {
  double mean = 0;
  double deviation = 0;
  double largest = 0;
};

Moments moments_of(VectorView<const float> values) {
  Moments moments;
  double squares = 0;
  for (int64_t i = 0; i < values.size; ++i) {
    moments.mean += values[i] / static_cast<double>(values.size);
    squares += static_cast<double>(values[i]) * values[i] / static_cast<double>(values.size);
    moments.largest = std::max(moments.largest, std::abs(static_cast<double>(values[i])));
  }
  moments.deviation = std::sqrt(squares - moments.mean * moments.mean);
  return moments;
}

TEST(Parameters, lie_side_by_side_under_names_of_their_own) {
  Parameters<Cpu> parameters(cpu(), parameter_specs(wide_shape(Attention::kFull)), RandomKey{1});
  std::set<std::string> names;
  int64_t offset = 0;
  for (const ParameterSpec& spec : parameters.specs()) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_EQ(spec.offset, offset);
    EXPECT_EQ(parameters.value(spec.name).data, parameters.values().data + offset);
    EXPECT_EQ(parameters.gradient(spec.name).rows, spec.shape[0]);
    offset += spec.size();
  }
  EXPECT_EQ(parameters.values().size, offset);
  EXPECT_EQ(parameters.gradients().size, offset);
  for (int64_t i = 0; i < offset; ++i) ASSERT_EQ(parameters.gradients()[i], 0);
}

TEST(Parameters, joins_query_key_and_value_to_one_matrix) {
  Parameters<Cpu> parameters(cpu(), parameter_specs(wide_shape(Attention::kLocal)), RandomKey{1});
  const auto joined = parameters.values_between("local.query.weight", "local.value.weight");
  EXPECT_EQ(joined.rows, 3 * 128);
  EXPECT_EQ(joined.cols, 64);
  EXPECT_EQ(joined.row(128), parameters.value("local.key.weight").data);
  EXPECT_EQ(joined.row(256), parameters.value("local.value.weight").data);
}

TEST(Parameters, refuses_names_that_are_none) {
  Parameters<Cpu> parameters(cpu(), parameter_specs(wide_shape(Attention::kNone)), RandomKey{1});
  EXPECT_THROW(parameters.value("local.query.weight"), Error);
}

TEST(Parameters, start_as_seed_and_name_say_whatever_else_the_model_has) {
  Parameters<Cpu> full(cpu(), parameter_specs(wide_shape(Attention::kFull)), RandomKey{5});
  for (const Attention attention : {Attention::kLocal, Attention::kGlobal, Attention::kNone}) {
    Parameters<Cpu> other(cpu(), parameter_specs(wide_shape(attention)), RandomKey{5});
    for (const ParameterSpec& spec : other.specs()) {
      if (spec.name == "head.linear1.weight" || spec.name == "head.linear1.bias") continue;  // another fan-in
      const auto expected = full.value_vector(spec.name);
      const auto found = other.value_vector(spec.name);
      EXPECT_TRUE(std::equal(found.data, found.data + found.size, expected.data)) << spec.name;
    }
  }
}

TEST(Parameters, start_differently_for_another_seed_or_name) {
  Parameters<Cpu> one(cpu(), parameter_specs(wide_shape(Attention::kLocal)), RandomKey{5});
  Parameters<Cpu> two(cpu(), parameter_specs(wide_shape(Attention::kLocal)), RandomKey{6});
  EXPECT_NE(one.value("local.query.weight").row(0)[0], two.value("local.query.weight").row(0)[0]);
  EXPECT_NE(one.value("local.query.weight").row(0)[0], one.value("local.key.weight").row(0)[0]);
}

TEST(Parameters, start_with_the_distributions_of_the_table) {
  Parameters<Cpu> parameters(cpu(), parameter_specs(wide_shape(Attention::kFull)), RandomKey{5});
  const Moments normal = moments_of(parameters.value_vector("local.output.weight"));  // 16,384 draws
  EXPECT_NEAR(normal.mean, 0, 0.02 * 4 / 128);
  EXPECT_NEAR(normal.deviation, 0.02, 0.02 * 0.03);
  EXPECT_EQ(moments_of(parameters.value_vector("local.output.bias")).largest, 0);
  const Moments uniform = moments_of(parameters.value_vector("head.linear2.weight"));  // 8,192 draws, fan-in 128
  EXPECT_LE(uniform.largest, 1 / std::sqrt(128.0));
  EXPECT_GT(uniform.largest, 0.99 / std::sqrt(128.0));
  EXPECT_NEAR(uniform.deviation, 1 / std::sqrt(3 * 128.0), 0.02 / std::sqrt(128.0));
  const Moments gain = moments_of(parameters.value_vector("head.norm1.weight"));
  EXPECT_EQ(gain.mean, 1);
  EXPECT_EQ(gain.deviation, 0);
}

}  // namespace
}  // namespace gigahop::model
