#include "train/model_state.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "tensor/host_copy.h"
#include "train/devices.h"

namespace gigahop::train {
namespace {

/// A named array of floats in place, in the device's memory.
template <class Device>
struct Slot {
  std::string name;
  std::vector<int64_t> shape;
  VectorView<float, Device> values;
};

template <class Device>
VectorView<float, Device> part_of(VectorView<float, Device> flat, const model::ParameterSpec& spec) {
  return {flat.data + spec.offset, spec.size()};
}

template <class Device>
std::vector<Slot<Device>> parameter_slots(model::LargeGt<Device>& model) {
  std::vector<Slot<Device>> slots;
  for (const model::ParameterSpec& spec : model.parameters().specs()) {
    slots.push_back({spec.name, spec.shape, part_of(model.parameters().values(), spec)});
  }
  return slots;
}

template <class Device>
std::vector<Slot<Device>> state_slots(model::LargeGt<Device>& model) {
  std::vector<Slot<Device>> slots;
  for (const model::StateArray<Device>& state : model.state()) slots.push_back({state.name, state.shape, state.values});
  return slots;
}

template <class Device>
std::vector<Slot<Device>> optimizer_slots(model::LargeGt<Device>& model, Optimizer<Device>& optimizer) {
  std::vector<Slot<Device>> slots;
  for (const model::ParameterSpec& spec : model.parameters().specs()) {
    slots.push_back({spec.name + ".first_moment", spec.shape, part_of(optimizer.first_moments(), spec)});
    slots.push_back({spec.name + ".second_moment", spec.shape, part_of(optimizer.second_moments(), spec)});
  }
  return slots;
}

template <class Device>
void append(std::vector<SavedTensor>& tensors, Device& dev, const std::vector<Slot<Device>>& slots) {
  for (const Slot<Device>& slot : slots) tensors.push_back({slot.name, slot.shape, host_copy(dev, slot.values)});
}

std::string describe(array::DType dtype, const std::vector<int64_t>& shape) {
  return fmt::format("{} [{}]", array::name(dtype), fmt::join(shape, ", "));
}

template <class Device>
void check(const array::SafetensorsFile& file, const Slot<Device>& slot) {
  const array::TensorView& tensor = file.at(slot.name);
  if (tensor.dtype == array::DType::kFloat32 && tensor.shape == slot.shape) return;
  throw data_error(fmt::format("{}, tensor {}", file.path().string(), slot.name),
                   describe(array::DType::kFloat32, slot.shape), describe(tensor.dtype, tensor.shape),
                   "the file belongs to a model of another shape");
}

void check_names(const array::SafetensorsFile& file, const std::set<std::string, std::less<>>& known) {
  for (const auto& [name, tensor] : file.tensors()) {
    if (known.contains(name)) continue;
    throw data_error(file.path().string(), "tensors of this model alone", name,
                     "src/model/README.md lists the names for each kind of attention");
  }
}

template <class Device>
void copy(Device& dev, const array::SafetensorsFile& file, const std::vector<Slot<Device>>& slots) {
  std::vector<float> values;  // files of other writers do not align
  for (const Slot<Device>& slot : slots) {
    if (!file.contains(slot.name)) continue;
    values.resize(static_cast<size_t>(slot.values.size));
    std::memcpy(values.data(), file.at(slot.name).bytes.data(), values.size() * sizeof(float));
    copy_to_device<float>(dev, values, slot.values.data);
  }
}

template <class Device>
void load(Device& dev, const array::SafetensorsFile& file, const std::vector<Slot<Device>>& required,
          const std::vector<Slot<Device>>& optional, std::string_view also_known) {
  std::set<std::string, std::less<>> known = {std::string(also_known)};
  for (const Slot<Device>& slot : required) {
    check(file, slot);
    known.insert(slot.name);
  }
  for (const Slot<Device>& slot : optional) {
    if (file.contains(slot.name)) check(file, slot);
    known.insert(slot.name);
  }
  check_names(file, known);
  copy(dev, file, required);
  copy(dev, file, optional);
}

}  // namespace

template <class Device>
std::vector<SavedTensor> save_model(model::LargeGt<Device>& model) {
  std::vector<SavedTensor> tensors;
  append(tensors, model.device(), parameter_slots(model));
  append(tensors, model.device(), state_slots(model));
  return tensors;
}

template <class Device>
std::vector<SavedTensor> save_optimizer(model::LargeGt<Device>& model, Optimizer<Device>& optimizer) {
  std::vector<SavedTensor> tensors;
  append(tensors, model.device(), optimizer_slots(model, optimizer));
  return tensors;
}

template <class Device>
void load_model(const array::SafetensorsFile& file, Needed needed, model::LargeGt<Device>& model) {
  std::vector<Slot<Device>> required = parameter_slots(model);
  std::vector<Slot<Device>> state = state_slots(model);
  if (needed == Needed::kParametersOnly) return load(model.device(), file, required, state, kAssignmentsTensor);
  required.insert(required.end(), state.begin(), state.end());
  load<Device>(model.device(), file, required, {}, "");
}

template <class Device>
void load_optimizer(const array::SafetensorsFile& file, model::LargeGt<Device>& model, Optimizer<Device>& optimizer) {
  load<Device>(model.device(), file, optimizer_slots(model, optimizer), {}, "");
}

#define GIGAHOP_INSTANTIATE(Device)                                                              \
  template std::vector<SavedTensor> save_model(model::LargeGt<Device>&);                         \
  template std::vector<SavedTensor> save_optimizer(model::LargeGt<Device>&, Optimizer<Device>&); \
  template void load_model(const array::SafetensorsFile&, Needed, model::LargeGt<Device>&);      \
  template void load_optimizer(const array::SafetensorsFile&, model::LargeGt<Device>&, Optimizer<Device>&);
GIGAHOP_TRAIN_DEVICES(GIGAHOP_INSTANTIATE)

}  // namespace gigahop::train
