#include "model/local_layer.h"

#include "model/instantiate.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"

namespace gigahop::model {
namespace {

template <class Device>
ops::SampleLists<Device> lists(const ModelInput<Device>& input) {
  return {.seed_ids = input.seed_ids,
          .offsets = input.sample_offsets,
          .nodes = input.sample_nodes,
          .counts = input.sample_counts,
          .host_offsets = input.host_sample_offsets};
}

}  // namespace

template <class Device>
LocalLayer<Device>::LocalLayer(Parameters<Device>& parameters, const ModelShape& shape)
    : num_heads_(shape.num_heads),
      dropout_(shape.dropout_encoder),
      norm_gain_(parameters.value_vector("local.norm1.weight")),
      norm_shift_(parameters.value_vector("local.norm1.bias")),
      norm_gain_gradient_(parameters.gradient_vector("local.norm1.weight")),
      norm_shift_gradient_(parameters.gradient_vector("local.norm1.bias")),
      query_key_value_(parameters, "local.query", "local.value"),
      residual_(parameters, "local.residual"),
      encoder_{.out_weight = parameters.value("local.output.weight"),
               .out_bias = parameters.value_vector("local.output.bias"),
               .norm_gain = parameters.value_vector("local.norm2.weight"),
               .norm_shift = parameters.value_vector("local.norm2.bias"),
               .readout = parameters.value_vector("local.readout.weight")},
      encoder_gradients_{.out_weight = parameters.gradient("local.output.weight"),
                         .out_bias = parameters.gradient_vector("local.output.bias"),
                         .norm_gain = parameters.gradient_vector("local.norm2.weight"),
                         .norm_shift = parameters.gradient_vector("local.norm2.bias"),
                         .readout = parameters.gradient_vector("local.readout.weight")} {}

template <class Device>
ops::EncoderRows<Device> LocalLayer<Device>::rows() const {
  const int64_t width = residual_.out_width();
  const In<Device> projected = projected_;
  return {.query = projected.columns(0, width),
          .key = projected.columns(width, width),
          .value = projected.columns(2 * width, width),
          .residual = residual_rows_};
}

template <class Device>
void LocalLayer<Device>::forward(Device& dev, const StepContext& context, const ModelInput<Device>& input, In<Device> e,
                                 Out<Device> out) {
  normed_.resize(e.rows, e.cols);
  projected_.resize(e.rows, query_key_value_.out_width());
  residual_rows_.resize(e.rows, residual_.out_width());
  ops::layer_norm(dev, e, norm_gain_, norm_shift_, normed_);
  query_key_value_.forward(dev, normed_, projected_);
  residual_.forward(dev, e, residual_rows_);
  options_ = {.num_heads = num_heads_,
              .inner = context.dropout(Purpose::kDropoutEncoderInner, dropout_),
              .outer = context.dropout(Purpose::kDropoutEncoderOuter, dropout_)};
  ops::local_encoder(dev, lists(input), rows(), encoder_, options_, out);
}

template <class Device>
void LocalLayer<Device>::backward(Device& dev, const ModelInput<Device>& input, In<Device> e, In<Device> dout,
                                  Out<Device> de) {
  const int64_t width = residual_.out_width();
  projected_gradient_.resize(e.rows, 3 * width);
  residual_gradient_.resize(e.rows, width);
  const Out<Device> projected = projected_gradient_;
  const ops::EncoderRowGradients<Device> row_gradients{.query = projected.columns(0, width),
                                                       .key = projected.columns(width, width),
                                                       .value = projected.columns(2 * width, width),
                                                       .residual = residual_gradient_};
  ops::local_encoder_backward(dev, lists(input), rows(), encoder_, options_, dout, row_gradients, encoder_gradients_);
  query_key_value_.backward(dev, normed_, projected_gradient_, de);
  ops::layer_norm_backward(dev, e, norm_gain_, de, de, norm_gain_gradient_, norm_shift_gradient_);
  residual_.backward_parameters(dev, e, residual_gradient_);
  ops::linear_backward_input(dev, residual_gradient_, residual_.weight(), ops::Write::kAdd, de);
}

GIGAHOP_MODEL_INSTANTIATE(LocalLayer);

}  // namespace gigahop::model
