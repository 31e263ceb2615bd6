#include "model/token_branch.h"

#include "model/instantiate.h"
#include "ops/dropout.h"

namespace gigahop::model {

template <class Device>
TokenBranch<Device>::TokenBranch(Parameters<Device>& parameters, const ModelShape& shape)
    : linear1_(parameters, "token_branch.linear1"),
      linear2_and_3_(parameters, "token_branch.linear2", "token_branch.linear3"),
      dropout_(shape.dropout_feed_forward) {}

template <class Device>
void TokenBranch<Device>::forward(Device& dev, const StepContext& context, const ModelInput<Device>& input) {
  const int64_t rows = input.tokens.rows;
  hidden_.resize(rows, linear1_.out_width());
  embedded_.resize(rows, linear2_and_3_.out_width());
  linear1_.forward(dev, input.tokens, hidden_);
  ops::relu_drop_rows(dev, hidden_, context.dropout(Purpose::kDropoutToken, dropout_), input.node_ids, 3, hidden_);
  linear2_and_3_.forward(dev, hidden_, embedded_);
}

template <class Device>
Out<Device> TokenBranch<Device>::output_gradient() {
  output_gradient_.resize(embedded_.rows(), embedded_.cols());
  return output_gradient_;
}

template <class Device>
void TokenBranch<Device>::backward(Device& dev, const ModelInput<Device>& input) {
  hidden_gradient_.resize(hidden_.rows(), hidden_.cols());
  linear2_and_3_.backward(dev, hidden_, output_gradient_, hidden_gradient_);
  ops::relu_drop_rows_backward(dev, hidden_gradient_, hidden_, dropout_, hidden_gradient_);
  linear1_.backward_parameters(dev, input.tokens, hidden_gradient_);
}

GIGAHOP_MODEL_INSTANTIATE(TokenBranch);

}  // namespace gigahop::model
