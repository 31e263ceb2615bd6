#include "train/model_state.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"

namespace gigahop::train {
namespace {

/// A named array of floats in place.
struct Slot {
  std::string name;
  std::vector<int64_t> shape;
  std::span<float> values;
};

std::span<float> part_of(VectorView<float, Cpu> flat, const model::ParameterSpec& spec) {
  return {flat.data + spec.offset, static_cast<size_t>(spec.size())};
}

template <class Device>
std::vector<Slot> parameter_slots(model::LargeGt<Device>& model) {
  std::vector<Slot> slots;
  for (const model::ParameterSpec& spec : model.parameters().specs()) {
    slots.push_back({spec.name, spec.shape, part_of(model.parameters().values(), spec)});
  }
  return slots;
}

template <class Device>
std::vector<Slot> state_slots(model::LargeGt<Device>& model) {
  std::vector<Slot> slots;
  for (const model::StateArray& state : model.state()) slots.push_back({state.name, state.shape, state.values});
  return slots;
}

template <class Device>
std::vector<Slot> optimizer_slots(model::LargeGt<Device>& model, Optimizer<Device>& optimizer) {
  std::vector<Slot> slots;
  for (const model::ParameterSpec& spec : model.parameters().specs()) {
    slots.push_back({spec.name + ".first_moment", spec.shape, part_of(optimizer.first_moments(), spec)});
    slots.push_back({spec.name + ".second_moment", spec.shape, part_of(optimizer.second_moments(), spec)});
  }
  return slots;
}

void append(std::vector<SavedTensor>& tensors, const std::vector<Slot>& slots) {
  for (const Slot& slot : slots) {
    tensors.push_back({slot.name, slot.shape, {slot.values.begin(), slot.values.end()}});
  }
}

std::string describe(array::DType dtype, const std::vector<int64_t>& shape) {
  return fmt::format("{} [{}]", array::name(dtype), fmt::join(shape, ", "));
}

void check(const array::SafetensorsFile& file, const Slot& slot) {
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

void copy(const array::SafetensorsFile& file, const std::vector<Slot>& slots) {
  for (const Slot& slot : slots) {
    if (!file.contains(slot.name)) continue;
    std::memcpy(slot.values.data(), file.at(slot.name).bytes.data(), slot.values.size_bytes());
  }
}

void load(const array::SafetensorsFile& file, const std::vector<Slot>& required, const std::vector<Slot>& optional,
          std::string_view also_known) {
  std::set<std::string, std::less<>> known = {std::string(also_known)};
  for (const Slot& slot : required) {
    check(file, slot);
    known.insert(slot.name);
  }
  for (const Slot& slot : optional) {
    if (file.contains(slot.name)) check(file, slot);
    known.insert(slot.name);
  }
  check_names(file, known);
  copy(file, required);
  copy(file, optional);
}

}  // namespace

template <class Device>
std::vector<SavedTensor> save_model(model::LargeGt<Device>& model) {
  std::vector<SavedTensor> tensors;
  append(tensors, parameter_slots(model));
  append(tensors, state_slots(model));
  return tensors;
}

template <class Device>
std::vector<SavedTensor> save_optimizer(model::LargeGt<Device>& model, Optimizer<Device>& optimizer) {
  std::vector<SavedTensor> tensors;
  append(tensors, optimizer_slots(model, optimizer));
  return tensors;
}

template <class Device>
void load_model(const array::SafetensorsFile& file, Needed needed, model::LargeGt<Device>& model) {
  std::vector<Slot> required = parameter_slots(model);
  std::vector<Slot> state = state_slots(model);
  if (needed == Needed::kParametersOnly) return load(file, required, state, kAssignmentsTensor);
  required.insert(required.end(), state.begin(), state.end());
  load(file, required, {}, "");
}

template <class Device>
void load_optimizer(const array::SafetensorsFile& file, model::LargeGt<Device>& model, Optimizer<Device>& optimizer) {
  load(file, optimizer_slots(model, optimizer), {}, "");
}

template std::vector<SavedTensor> save_model(model::LargeGt<Cpu>&);
template std::vector<SavedTensor> save_optimizer(model::LargeGt<Cpu>&, Optimizer<Cpu>&);
template void load_model(const array::SafetensorsFile&, Needed, model::LargeGt<Cpu>&);
template void load_optimizer(const array::SafetensorsFile&, model::LargeGt<Cpu>&, Optimizer<Cpu>&);

}  // namespace gigahop::train
