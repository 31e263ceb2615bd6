/// Token rows before any seed looks at them: e = We (W4 drop(relu(W3 z + b3)) + b4) + be, once per distinct token.
#pragma once

#include "model/affine_pair.h"
#include "model/linear_layer.h"
#include "model/model_input.h"
#include "model/model_shape.h"

namespace gigahop::model {

template <class Device>
class TokenBranch {
 public:
  TokenBranch(Parameters<Device>& parameters, const ModelShape& shape);

  /// From input.tokens; fills output().
  void forward(Device& dev, const StepContext& context, const ModelInput<Device>& input);
  /// e [3 U, H], until the next forward.
  In<Device> output() const { return embedded_; }

  /// Where the caller writes the gradient by output() before backward, which uses it up.
  Out<Device> output_gradient();
  void backward(Device& dev, const ModelInput<Device>& input);

 private:
  LinearLayer<Device> linear1_;
  AffinePair<Device> linear2_and_3_;
  double dropout_;
  Matrix<Real<Device>, Device> hidden_;    // drop(relu(W3 z + b3))
  Matrix<Real<Device>, Device> embedded_;  // e
  Matrix<Real<Device>, Device> output_gradient_;
  Matrix<Real<Device>, Device> hidden_gradient_;
};

}  // namespace gigahop::model
