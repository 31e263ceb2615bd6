/// Which parameters a model of a given shape has: names, shapes, initial values, in the order of the flat buffer.
#pragma once

#include <vector>

#include "model/model_shape.h"
#include "model/parameters.h"

namespace gigahop::model {

/// The table of src/model/README.md. Offsets are left to Parameters. Pure.
std::vector<ParameterSpec> parameter_specs(const ModelShape& shape);

/// Error{kInternal} unless every extent is positive where the attention needs it and M fits a 16-bit code.
void check_shape(const ModelShape& shape);

}  // namespace gigahop::model
