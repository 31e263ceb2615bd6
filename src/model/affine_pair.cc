#include "model/affine_pair.h"

#include "model/instantiate.h"
#include "ops/linear.h"
#include "ops/product.h"
#include "ops/rows.h"

namespace gigahop::model {

using ops::product;
using enum ops::Transpose;

template <class Device>
AffinePair<Device>::Affine::Affine(Parameters<Device>& parameters, const std::string& name)
    : weight(parameters.value(name + ".weight")),
      bias(parameters.value(name + ".bias")),
      weight_gradient(parameters.gradient(name + ".weight")),
      bias_gradient(parameters.gradient(name + ".bias")) {}

template <class Device>
AffinePair<Device>::AffinePair(Parameters<Device>& parameters, const std::string& first, const std::string& second)
    : first_(parameters, first),
      second_(parameters, second),
      weight_(second_.weight.rows, first_.weight.cols),
      bias_(second_.weight.rows, 1),
      weight_gradient_(second_.weight.rows, first_.weight.cols) {}

template <class Device>
void AffinePair<Device>::forward(Device& dev, In<Device> x, Out<Device> y) {
  product<Device>(dev, kNo, kNo, 1, second_.weight, first_.weight, 0, weight_);
  ops::copy_rows<Device>(dev, second_.bias, bias_);
  product<Device>(dev, kNo, kNo, 1, second_.weight, first_.bias, 1, bias_);
  ops::linear<Device>(dev, x, weight_, {bias_.data(), bias_.rows()}, y);
}

template <class Device>
void AffinePair<Device>::backward(Device& dev, In<Device> x, In<Device> dy, Out<Device> dx) {
  ops::linear_backward_parameters<Device>(dev, dy, x, ops::Write::kOverwrite, weight_gradient_,
                                          {second_.bias_gradient.data, second_.bias_gradient.rows});
  product<Device>(dev, kNo, kYes, 1, weight_gradient_, first_.weight, 0, second_.weight_gradient);
  product<Device>(dev, kNo, kYes, 1, second_.bias_gradient, first_.bias, 1, second_.weight_gradient);
  product<Device>(dev, kYes, kNo, 1, second_.weight, weight_gradient_, 0, first_.weight_gradient);
  product<Device>(dev, kYes, kNo, 1, second_.weight, second_.bias_gradient, 0, first_.bias_gradient);
  ops::linear_backward_input<Device>(dev, dy, weight_, ops::Write::kOverwrite, dx);
}

GIGAHOP_MODEL_INSTANTIATE(AffinePair);

}  // namespace gigahop::model
