/// drop(relu(BN(W x + b))): the block that the seed branch and the head are made of. Rows are seeds.
#pragma once

#include <string>

#include "base/ids.h"
#include "comm/communicator.h"
#include "model/batch_norm.h"
#include "model/linear_layer.h"
#include "model/model_input.h"

namespace gigahop::model {

struct HiddenLayerOptions {
  std::string linear;  // names in the parameters
  std::string norm;
  Purpose purpose = Purpose::kTest;
  double dropout = 0;
};

template <class Device>
class HiddenLayer {
 public:
  HiddenLayer(Parameters<Device>& parameters, const HiddenLayerOptions& options);

  /// x [B, in], seed_ids [B]; fills output(). Collective in train mode.
  void forward(Device& dev, const comm::Communicator& comm, const StepContext& context, In<Device> x,
               VectorOf<Device, const OriginalId> seed_ids);
  /// [B, out], until the next forward.
  In<Device> output() const { return output_; }

  /// Where the caller writes the gradient by output() before backward, which uses it up.
  Out<Device> output_gradient();
  /// Gradients of the parameters, from the x of forward. Collective.
  void backward_parameters(Device& dev, const comm::Communicator& comm, In<Device> x);
  /// The same, and dx [B, in], overwritten. Collective.
  void backward(Device& dev, const comm::Communicator& comm, In<Device> x, Out<Device> dx);

  BatchStatistics<Device>& statistics() { return norm_.statistics(); }

 private:
  /// Turns output_gradient_ into the gradient by the linear map's output.
  void backward_to_linear(Device& dev, const comm::Communicator& comm);

  LinearLayer<Device> linear_;
  BatchNorm<Device> norm_;
  Purpose purpose_;
  double dropout_;
  Matrix<Real<Device>, Device> linear_output_;
  Matrix<Real<Device>, Device> output_;
  Matrix<Real<Device>, Device> output_gradient_;
};

}  // namespace gigahop::model
