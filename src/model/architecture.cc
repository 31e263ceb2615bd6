#include "model/architecture.h"

#include <string>
#include <utility>

#include "base/error.h"

namespace gigahop::model {
namespace {

class SpecList {
 public:
  void weight(const std::string& name, int64_t out, int64_t in, Initial initial) {
    specs_.push_back({.name = name + ".weight", .shape = {out, in}, .initial = initial, .fan_in = in});
  }
  void bias(const std::string& name, int64_t out, int64_t in, Initial initial) {
    const Initial of_bias = initial == Initial::kNormal002 ? Initial::kZero : initial;
    specs_.push_back({.name = name + ".bias", .shape = {out}, .initial = of_bias, .fan_in = in});
  }
  void linear(const std::string& name, int64_t out, int64_t in, Initial initial = Initial::kUniformFanIn) {
    weight(name, out, in, initial);
    bias(name, out, in, initial);
  }
  void norm(const std::string& name, int64_t width) {
    specs_.push_back({.name = name + ".weight", .shape = {width}, .initial = Initial::kOne});
    specs_.push_back({.name = name + ".bias", .shape = {width}, .initial = Initial::kZero});
  }
  std::vector<ParameterSpec> take() { return std::move(specs_); }

 private:
  std::vector<ParameterSpec> specs_;
};

void add_local(const ModelShape& shape, SpecList& list) {
  const int64_t hidden = shape.hidden_width;
  const int64_t width = shape.attention_width();
  list.linear("token_branch.linear1", hidden, shape.feature_width);
  list.linear("token_branch.linear2", hidden, hidden);
  list.linear("token_branch.linear3", hidden, hidden);
  list.norm("local.norm1", hidden);
  for (const char* name : {"local.query", "local.key", "local.value"}) {
    list.weight(name, width, hidden, Initial::kNormal002);
  }
  for (const char* name : {"local.query", "local.key", "local.value"}) {
    list.bias(name, width, hidden, Initial::kNormal002);
  }
  list.linear("local.output", width, width, Initial::kNormal002);
  list.linear("local.residual", width, hidden, Initial::kNormal002);
  list.norm("local.norm2", width);
  list.weight("local.readout", 1, width, Initial::kNormal002);
}

}  // namespace

std::vector<ParameterSpec> parameter_specs(const ModelShape& shape) {
  const int64_t hidden = shape.hidden_width;
  const int64_t width = shape.attention_width();
  const int64_t positional = shape.positional_width;
  SpecList list;
  if (shape.has_seed_branch()) {
    list.linear("seed_branch.linear1", hidden, shape.feature_width);
    list.norm("seed_branch.norm", hidden);
    list.linear("seed_branch.linear2", hidden, hidden);
  }
  if (shape.has_local()) add_local(shape, list);
  if (shape.has_global()) {
    list.linear("global.project", positional, hidden);
    list.linear("global.query", width, 2 * positional);
    list.linear("global.key", width, 2 * positional);
    list.linear("global.value", width, positional);
  }
  list.linear("head.linear1", width, shape.head_input_width());
  list.norm("head.norm1", width);
  list.linear("head.linear2", hidden, width);
  list.norm("head.norm2", hidden);
  list.linear("head.linear3", shape.num_classes, hidden);
  return list.take();
}

void check_shape(const ModelShape& shape) {
  require(shape.feature_width > 0, "a model has at least one feature");
  require(shape.hidden_width > 0 && shape.num_heads > 0, "a model has at least one head, of width at least one");
  require(shape.num_classes > 0, "a model has at least one class");
  if (!shape.has_global()) return;
  require(shape.positional_width > 0, "global attention has a positive positional width");
  require(shape.num_codewords > 0 && shape.num_codewords <= 65535, "codes fit 16 bits");
}

}  // namespace gigahop::model
