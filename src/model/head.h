/// The head: from what the branches say of a seed to its logits.
#pragma once

#include "comm/communicator.h"
#include "model/hidden_layer.h"
#include "model/linear_layer.h"
#include "model/model_input.h"
#include "model/model_shape.h"

namespace gigahop::model {

template <class Device>
class Head {
 public:
  Head(Parameters<Device>& parameters, const ModelShape& shape);

  /// x [B, in]; logits [B, C], valid until the next forward. Collective in train mode.
  In<Device> forward(Device& dev, const comm::Communicator& comm, const StepContext& context, In<Device> x,
                     VectorOf<Device, const OriginalId> seed_ids);
  /// From dlogits [B, C] and the forward's x: gradients of the parameters, and dx [B, in], overwritten. Collective.
  void backward(Device& dev, const comm::Communicator& comm, In<Device> x, In<Device> dlogits, Out<Device> dx);

  /// What the last linear layer reads, [B, H], until the next forward.
  In<Device> embeddings() const { return hidden2_.output(); }

  BatchStatistics<Device>& statistics1() { return hidden1_.statistics(); }
  BatchStatistics<Device>& statistics2() { return hidden2_.statistics(); }

 private:
  HiddenLayer<Device> hidden1_;
  HiddenLayer<Device> hidden2_;
  LinearLayer<Device> linear3_;
  Matrix<Real<Device>, Device> logits_;
};

}  // namespace gigahop::model
