/// Histograms for TensorBoard: of every parameter and its gradient.
#pragma once

#include <map>
#include <span>
#include <string>

#include "model/large_gt.h"
#include "proto/metrics.pb.h"
#include "tensor/host_copy.h"

namespace gigahop::train {

/// Buckets of one width between the smallest and the largest; what is not finite is left out. Pure.
proto::TensorBoardHistogram histogram_of(std::span<const float> values);

/// By tag: "parameters/local.query.weight", "gradients/local.query.weight". Gradients are those of all ranks in the
/// last step of this process, before clipping.
template <class Device>
std::map<std::string, proto::TensorBoardHistogram> histograms_of(model::LargeGt<Device>& model) {
  std::map<std::string, proto::TensorBoardHistogram> all;
  for (const model::ParameterSpec& spec : model.parameters().specs()) {
    all["parameters/" + spec.name] =
        histogram_of(host_copy(model.device(), model.parameters().value_vector(spec.name)));
    all["gradients/" + spec.name] =
        histogram_of(host_copy(model.device(), model.parameters().gradient_vector(spec.name)));
  }
  return all;
}

}  // namespace gigahop::train
