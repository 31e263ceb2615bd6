/// A model and its optimizer as named arrays, and back: the content of model.safetensors and optimizer.safetensors.
#pragma once

#include <vector>

#include "array/safetensors.h"
#include "model/large_gt.h"
#include "train/checkpoint_writer.h"
#include "train/optimizer.h"

namespace gigahop::train {

/// Copies of every parameter and state array, under the names of the table in src/model/README.md.
template <class Device>
std::vector<SavedTensor> save_model(model::LargeGt<Device>& model);

/// Copies of Adam's moments, under the parameter's name with ".first_moment" and ".second_moment".
template <class Device>
std::vector<SavedTensor> save_optimizer(model::LargeGt<Device>& model, Optimizer<Device>& optimizer);

/// Error{kData} naming file and tensor for what is missing, unknown, or of another shape or dtype; all is checked
/// before anything is changed. kParametersOnly: state arrays may be missing and then keep their initial values, and
/// "codebook.assignments" may stand in the file.
enum class Needed { kEverything, kParametersOnly };
template <class Device>
void load_model(const array::SafetensorsFile& file, Needed needed, model::LargeGt<Device>& model);

template <class Device>
void load_optimizer(const array::SafetensorsFile& file, model::LargeGt<Device>& model, Optimizer<Device>& optimizer);

inline constexpr char kAssignmentsTensor[] = "codebook.assignments";

}  // namespace gigahop::train
