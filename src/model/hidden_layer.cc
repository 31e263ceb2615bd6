#include "model/hidden_layer.h"

#include "model/instantiate.h"
#include "ops/dropout.h"

namespace gigahop::model {

template <class Device>
HiddenLayer<Device>::HiddenLayer(Parameters<Device>& parameters, const HiddenLayerOptions& options)
    : linear_(parameters, options.linear),
      norm_(parameters, options.norm),
      purpose_(options.purpose),
      dropout_(options.dropout) {}

template <class Device>
void HiddenLayer<Device>::forward(Device& dev, const comm::Communicator& comm, const StepContext& context, In<Device> x,
                                  VectorOf<Device, const OriginalId> seed_ids) {
  linear_output_.resize(x.rows, linear_.out_width());
  output_.resize(x.rows, linear_.out_width());
  linear_.forward(dev, x, linear_output_);
  norm_.forward(dev, comm, context, linear_output_, output_);
  ops::relu_drop_rows(dev, output_, context.dropout(purpose_, dropout_), seed_ids, 1, output_);
}

template <class Device>
Out<Device> HiddenLayer<Device>::output_gradient() {
  output_gradient_.resize(output_.rows(), output_.cols());
  return output_gradient_;
}

template <class Device>
void HiddenLayer<Device>::backward_to_linear(Device& dev, const comm::Communicator& comm) {
  ops::relu_drop_rows_backward(dev, output_gradient_, output_, dropout_, output_gradient_);
  norm_.backward(dev, comm, linear_output_, output_gradient_, output_gradient_);
}

template <class Device>
void HiddenLayer<Device>::backward_parameters(Device& dev, const comm::Communicator& comm, In<Device> x) {
  backward_to_linear(dev, comm);
  linear_.backward_parameters(dev, x, output_gradient_);
}

template <class Device>
void HiddenLayer<Device>::backward(Device& dev, const comm::Communicator& comm, In<Device> x, Out<Device> dx) {
  backward_to_linear(dev, comm);
  linear_.backward(dev, x, output_gradient_, dx);
}

GIGAHOP_MODEL_INSTANTIATE(HiddenLayer);

}  // namespace gigahop::model
