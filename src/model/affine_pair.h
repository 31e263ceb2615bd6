/// Two affine maps in a row with nothing between them, y = W2 (W1 x + b1) + b2, computed as the one map they are.
///
/// Rows are many and widths are small, so W2 W1 costs next to nothing, and the gradients of both maps follow from the
/// gradient of the product: with S = dy^T x and s = the sum of dy, dW1 = W2^T S, dW2 = S W1^T + s b1^T. A row costs one
/// product instead of two forward, and two instead of four backward.
#pragma once

#include <string>

#include "model/parameters.h"
#include "tensor/arguments.h"

namespace gigahop::model {

template <class Device>
class AffinePair {
 public:
  /// FIRST.weight [inner, in], FIRST.bias [inner], SECOND.weight [out, inner], SECOND.bias [out].
  AffinePair(Parameters<Device>& parameters, const std::string& first, const std::string& second);

  int64_t out_width() const { return second_.weight.rows; }

  /// x [R, in], y [R, out].
  void forward(Device& dev, In<Device> x, Out<Device> y);
  /// Gradients of the parameters and dx [R, in], all overwritten, with the parameters as the last forward saw them.
  void backward(Device& dev, In<Device> x, In<Device> dy, Out<Device> dx);

 private:
  /// Biases are columns, [out, 1].
  struct Affine {
    Affine(Parameters<Device>& parameters, const std::string& name);

    Out<Device> weight;
    Out<Device> bias;
    Out<Device> weight_gradient;
    Out<Device> bias_gradient;
  };

  Affine first_;
  Affine second_;
  Matrix<Real<Device>, Device> weight_;           // W2 W1 [out, in]
  Matrix<Real<Device>, Device> bias_;             // W2 b1 + b2 [out, 1]
  Matrix<Real<Device>, Device> weight_gradient_;  // S
};

}  // namespace gigahop::model
