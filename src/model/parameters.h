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
#include "tensor/arguments.h"

namespace gigahop::model {

/// kNormal002: normal with standard deviation 0.02. kUniformFanIn: uniform in ±1 / sqrt(fan_in).
enum class Initial { kZero, kOne, kNormal002, kUniformFanIn };

struct ParameterSpec {
  std::string name;            // "local.query.weight", as in model.safetensors and src/model/README.md
  std::vector<int64_t> shape;  // linear weights: [out, in]
  Initial initial = Initial::kZero;
  int64_t fan_in = 1;
  int64_t offset = 0;  // first element in the flat buffers
  int64_t size() const;
};

/// Element `element` of a parameter's initial value: a function of (key, name, element), whatever else the model has.
/// Pure.
double initial_value(RandomKey key, const ParameterSpec& spec, int64_t element);

template <class Device>
class Parameters {
 public:
  /// Lays out in the order given, without gaps, and allocates; values as initialised by `key`, gradients zero. dev
  /// outlives this.
  Parameters(Device& dev, std::vector<ParameterSpec> specs, RandomKey key);

  Device& device() const { return *device_; }
  const std::vector<ParameterSpec>& specs() const { return specs_; }
  /// Error{kInternal} for a name that is none.
  const ParameterSpec& spec(std::string_view name) const;
  VectorView<Real<Device>, Device> values() { return {values_.data(), values_.size()}; }
  VectorView<Real<Device>, Device> gradients() { return {gradients_.data(), gradients_.size()}; }

  /// As a matrix [shape[0], product of the rest].
  MatrixView<Real<Device>, Device> value(std::string_view name);
  MatrixView<Real<Device>, Device> gradient(std::string_view name);

  /// The parameters from `first` to `last`, which lie side by side and have rows of one width, as one matrix.
  MatrixView<Real<Device>, Device> values_between(std::string_view first, std::string_view last);
  MatrixView<Real<Device>, Device> gradients_between(std::string_view first, std::string_view last);

  /// Gradients of all parameters whose names begin with `prefix`, which lie side by side; empty if there are none.
  VectorView<Real<Device>, Device> gradients_of(std::string_view prefix);

  /// All elements of a parameter.
  VectorView<Real<Device>, Device> value_vector(std::string_view name);
  VectorView<Real<Device>, Device> gradient_vector(std::string_view name);

 private:
  MatrixView<Real<Device>, Device> between(Real<Device>* base, std::string_view first, std::string_view last) const;

  Device* device_;
  std::vector<ParameterSpec> specs_;
  Buffer<Real<Device>, Device> values_;
  Buffer<Real<Device>, Device> gradients_;
};

}  // namespace gigahop::model
