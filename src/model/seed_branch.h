/// The seed's own features: h = W2 drop(relu(BN(W1 x + b1))) + b2.
#pragma once

#include "comm/communicator.h"
#include "model/hidden_layer.h"
#include "model/linear_layer.h"
#include "model/model_input.h"
#include "model/model_shape.h"

namespace gigahop::model {

template <class Device>
class SeedBranch {
 public:
  SeedBranch(Parameters<Device>& parameters, const ModelShape& shape);

  /// h [B, H], overwritten; x of a seed is hop 0 of the first node of its list. Collective in train mode.
  void forward(Device& dev, const comm::Communicator& comm, const StepContext& context, const ModelInput<Device>& input,
               Out<Device> h);
  /// Gradients of the parameters from dh [B, H]. Collective.
  void backward(Device& dev, const comm::Communicator& comm, In<Device> dh);

  BatchStatistics<Device>& statistics() { return hidden_.statistics(); }

 private:
  HiddenLayer<Device> hidden_;
  LinearLayer<Device> linear2_;
  Buffer<int32_t, Device> seed_rows_;      // [B] rows of tokens
  Matrix<Real<Device>, Device> features_;  // [B, F]
};

}  // namespace gigahop::model
