/// How evenly the nodes are spread over the codewords, for the line of an epoch.
#pragma once

#include <span>

#include "model/large_gt.h"
#include "proto/metrics.pb.h"
#include "tensor/host_copy.h"

namespace gigahop::train {

/// counts: nodes of each codeword. Sets codewords_used, and codebook_perplexity = exp(-sum p ln p). Pure.
void add_codebook_use(std::span<const float> counts, proto::Metrics& metrics);

/// Of the model; sets nothing without a codebook.
template <class Device>
void add_codebook_use(model::LargeGt<Device>& model, proto::Metrics& metrics) {
  for (const model::StateArray<Device>& state : model.state()) {
    if (state.name == "codebook.histogram") add_codebook_use(host_copy(model.device(), state.values), metrics);
  }
}

}  // namespace gigahop::train
