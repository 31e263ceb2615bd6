/// All parameters of a model in one flat buffer, their gradients in a second of the same layout.
///
/// So gradients are synchronised and Adam runs over one array, and a name finds a view. Initial values depend on
/// (seed, name) alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "tensor/matrix.h"

namespace gigahop::model {

enum class Initial { kZero, kOne, kNormal002, kUniformFanIn };

struct ParameterSpec {
  std::string name;             // "local.query.weight", as in model.safetensors and src/model/README.md
  std::vector<int64_t> shape;   // linear weights: [out, in]
  Initial initial = Initial::kZero;
  int64_t fan_in = 1;
  int64_t offset = 0;           // first element in the flat buffers
  int64_t size() const;
};

template <class Device>
class Parameters {
 public:
  /// Lays out and allocates; values as initialised by `key`, gradients zero.
  Parameters(std::vector<ParameterSpec> specs, RandomKey key);

  const std::vector<ParameterSpec>& specs() const { return specs_; }
  const ParameterSpec& spec(std::string_view name) const;
  VectorView<float, Device> values() { return {values_.data(), values_.size()}; }
  VectorView<float, Device> gradients() { return {gradients_.data(), gradients_.size()}; }

  /// As a matrix [shape[0], product of the rest].
  MatrixView<float, Device> value(std::string_view name);
  MatrixView<float, Device> gradient(std::string_view name);

 private:
  std::vector<ParameterSpec> specs_;
  Buffer<float, Device> values_;
  Buffer<float, Device> gradients_;
};

}  // namespace gigahop::model
