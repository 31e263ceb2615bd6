#include "model/parameters.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/checksum.h"
#include "base/error.h"
#include "model/instantiate.h"
#include "tensor/host_copy.h"

namespace gigahop::model {
namespace {

int64_t row_width(const ParameterSpec& spec) {
  return spec.size() / spec.shape[0];
}

}  // namespace

int64_t ParameterSpec::size() const {
  int64_t product = 1;
  for (const int64_t extent : shape) product *= extent;
  return product;
}

double initial_value(RandomKey key, const ParameterSpec& spec, int64_t element) {
  if (spec.initial == Initial::kZero) return 0;
  if (spec.initial == Initial::kOne) return 1;
  const uint64_t id = checksum_of(std::string_view(spec.name)) & ((uint64_t{1} << 56) - 1);
  const RandomWords words = random_words(key, Purpose::kInitialValue, 0, id, static_cast<uint32_t>(element));
  if (spec.initial == Initial::kNormal002) return 0.02 * to_normal(words[0], words[1]);
  return (2.0 * to_uniform(words[0]) - 1.0) / std::sqrt(static_cast<double>(spec.fan_in));
}

template <class Device>
Parameters<Device>::Parameters(Device& dev, std::vector<ParameterSpec> specs, RandomKey key)
    : device_(&dev), specs_(std::move(specs)) {
  int64_t size = 0;
  for (ParameterSpec& spec : specs_) {
    spec.offset = size;
    size += spec.size();
  }
  values_.resize(size);
  gradients_.resize(size);
  set_to_zero(dev, gradients());
  std::vector<Real<Device>> initial(static_cast<size_t>(size));
  for (const ParameterSpec& spec : specs_) {
    Real<Device>* const first = initial.data() + spec.offset;
#pragma omp parallel for
    for (int64_t i = 0; i < spec.size(); ++i) first[i] = static_cast<Real<Device>>(initial_value(key, spec, i));
  }
  copy_to_device<Real<Device>>(dev, initial, values_.data());
}

template <class Device>
const ParameterSpec& Parameters<Device>::spec(std::string_view name) const {
  const auto found = std::ranges::find(specs_, name, &ParameterSpec::name);
  require(found != specs_.end(), "a parameter is asked for by a name that the model has");
  return *found;
}

template <class Device>
MatrixView<Real<Device>, Device> Parameters<Device>::between(Real<Device>* base, std::string_view first,
                                                             std::string_view last) const {
  const ParameterSpec& front = spec(first);
  const ParameterSpec& back = spec(last);
  const int64_t width = row_width(front);
  require(front.offset <= back.offset && row_width(back) == width, "joined parameters lie in order, with equal widths");
  return {base + front.offset, (back.offset + back.size() - front.offset) / width, width};
}

template <class Device>
MatrixView<Real<Device>, Device> Parameters<Device>::value(std::string_view name) {
  return values_between(name, name);
}

template <class Device>
MatrixView<Real<Device>, Device> Parameters<Device>::gradient(std::string_view name) {
  return gradients_between(name, name);
}

template <class Device>
MatrixView<Real<Device>, Device> Parameters<Device>::values_between(std::string_view first, std::string_view last) {
  return between(values_.data(), first, last);
}

template <class Device>
MatrixView<Real<Device>, Device> Parameters<Device>::gradients_between(std::string_view first, std::string_view last) {
  return between(gradients_.data(), first, last);
}

template <class Device>
VectorView<Real<Device>, Device> Parameters<Device>::gradients_of(std::string_view prefix) {
  const auto belongs = [&](const ParameterSpec& spec) { return spec.name.starts_with(prefix); };
  const auto first = std::ranges::find_if(specs_, belongs);
  const auto last = std::find_if_not(first, specs_.end(), belongs);
  require(std::none_of(last, specs_.end(), belongs), "parameters of one prefix lie side by side");
  int64_t size = 0;
  for (auto spec = first; spec != last; ++spec) size += spec->size();
  return {size == 0 ? nullptr : gradients_.data() + first->offset, size};
}

template <class Device>
VectorView<Real<Device>, Device> Parameters<Device>::value_vector(std::string_view name) {
  const ParameterSpec& found = spec(name);
  return {values_.data() + found.offset, found.size()};
}

template <class Device>
VectorView<Real<Device>, Device> Parameters<Device>::gradient_vector(std::string_view name) {
  const ParameterSpec& found = spec(name);
  return {gradients_.data() + found.offset, found.size()};
}

GIGAHOP_MODEL_INSTANTIATE(Parameters);

}  // namespace gigahop::model
