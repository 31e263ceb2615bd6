#include "model/global_layer.h"

#include "model/instantiate.h"
#include "ops/global_attention.h"
#include "ops/linear.h"
#include "ops/rows.h"

namespace gigahop::model {

template <class Device>
GlobalLayer<Device>::GlobalLayer(Parameters<Device>& parameters, const ModelShape& shape)
    : num_heads_(shape.num_heads),
      project_(parameters, "global.project"),
      query_(parameters, "global.query"),
      key_(parameters, "global.key"),
      value_(parameters, "global.value") {}

template <class Device>
void GlobalLayer<Device>::forward(Device& dev, Codebook<Device>& codebook, In<Device> h, In<Device> positional,
                                  Out<Device> out) {
  const int64_t num_seeds = h.rows;
  const int64_t width = project_.out_width();
  embedding_ = codebook.embedding(dev);
  histogram_ = codebook.histogram(dev);
  rows_.resize(num_seeds, 2 * width);
  queries_.resize(num_seeds, query_.out_width());
  keys_.resize(embedding_.rows, key_.out_width());
  values_.resize(embedding_.rows, value_.out_width());
  project_.forward(dev, h, rows_.view().columns(0, width));
  ops::copy_rows(dev, positional, rows_.view().columns(width, width));
  query_.forward(dev, rows_, queries_);
  key_.forward(dev, embedding_, keys_);
  value_.forward(dev, embedding_.columns(0, width), values_);
  ops::global_attention(dev, num_heads_, queries_, keys_, values_, histogram_, out);
}

template <class Device>
void GlobalLayer<Device>::backward(Device& dev, In<Device> h, In<Device> dout, Out<Device> dh) {
  const int64_t width = project_.out_width();
  queries_gradient_.resize(queries_.rows(), queries_.cols());
  keys_gradient_.resize(keys_.rows(), keys_.cols());
  values_gradient_.resize(values_.rows(), values_.cols());
  projected_gradient_.resize(h.rows, width);
  ops::global_attention_backward(dev, num_heads_, queries_, keys_, values_, histogram_, dout, queries_gradient_,
                                 keys_gradient_, values_gradient_);
  key_.backward_parameters(dev, embedding_, keys_gradient_);
  value_.backward_parameters(dev, embedding_.columns(0, width), values_gradient_);
  query_.backward_parameters(dev, rows_, queries_gradient_);
  // The positional half of g is data and needs no gradient.
  ops::linear_backward_input(dev, queries_gradient_, query_.weight().columns(0, width), ops::Write::kOverwrite,
                             projected_gradient_);
  project_.backward(dev, h, projected_gradient_, dh);
}

GIGAHOP_MODEL_INSTANTIATE(GlobalLayer);

}  // namespace gigahop::model
