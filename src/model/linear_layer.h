/// An affine map with its parameters and their gradients.
#pragma once

#include <string>

#include "model/parameters.h"
#include "tensor/arguments.h"

namespace gigahop::model {

template <class Device>
class LinearLayer {
 public:
  /// y = NAME.weight x + NAME.bias.
  LinearLayer(Parameters<Device>& parameters, const std::string& name) : LinearLayer(parameters, name, name) {}

  /// Several maps of one input as one, outputs side by side: the weights FIRST to LAST lie side by side in the flat
  /// buffer, and so do their biases.
  LinearLayer(Parameters<Device>& parameters, const std::string& first, const std::string& last);

  int64_t out_width() const { return weight_.rows; }
  Out<Device> weight() const { return weight_; }

  /// x [R, in], y [R, out].
  void forward(Device& dev, In<Device> x, Out<Device> y) const;
  /// Gradients of the parameters from x [R, in] and dy [R, out], overwritten.
  void backward_parameters(Device& dev, In<Device> x, In<Device> dy) const;
  /// The same, and dx [R, in], overwritten.
  void backward(Device& dev, In<Device> x, In<Device> dy, Out<Device> dx) const;

 private:
  Out<Device> weight_;
  OutVector<Device> bias_;
  Out<Device> weight_gradient_;
  OutVector<Device> bias_gradient_;
};

}  // namespace gigahop::model
