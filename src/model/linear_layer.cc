#include "model/linear_layer.h"

#include "model/instantiate.h"
#include "ops/linear.h"

namespace gigahop::model {

template <class Device>
LinearLayer<Device>::LinearLayer(Parameters<Device>& parameters, const std::string& first, const std::string& last)
    : weight_(parameters.values_between(first + ".weight", last + ".weight")),
      weight_gradient_(parameters.gradients_between(first + ".weight", last + ".weight")) {
  const auto bias = parameters.values_between(first + ".bias", last + ".bias");
  bias_ = {bias.data, bias.rows};
  bias_gradient_ = {parameters.gradients_between(first + ".bias", last + ".bias").data, bias.rows};
}

template <class Device>
void LinearLayer<Device>::forward(Device& dev, In<Device> x, Out<Device> y) const {
  ops::linear(dev, x, weight_, bias_, y);
}

template <class Device>
void LinearLayer<Device>::backward_parameters(Device& dev, In<Device> x, In<Device> dy) const {
  ops::linear_backward_parameters(dev, dy, x, ops::Write::kOverwrite, weight_gradient_, bias_gradient_);
}

template <class Device>
void LinearLayer<Device>::backward(Device& dev, In<Device> x, In<Device> dy, Out<Device> dx) const {
  backward_parameters(dev, x, dy);
  ops::linear_backward_input(dev, dy, weight_, ops::Write::kOverwrite, dx);
}

GIGAHOP_MODEL_INSTANTIATE(LinearLayer);

}  // namespace gigahop::model
