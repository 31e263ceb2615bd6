#include "model/head.h"

#include "model/instantiate.h"

namespace gigahop::model {

template <class Device>
Head<Device>::Head(Parameters<Device>& parameters, const ModelShape& shape)
    : hidden1_(parameters, {.linear = "head.linear1",
                            .norm = "head.norm1",
                            .purpose = Purpose::kDropoutHead1,
                            .dropout = shape.dropout_feed_forward}),
      hidden2_(parameters, {.linear = "head.linear2",
                            .norm = "head.norm2",
                            .purpose = Purpose::kDropoutHead2,
                            .dropout = shape.dropout_feed_forward}),
      linear3_(parameters, "head.linear3") {}

template <class Device>
In<Device> Head<Device>::forward(Device& dev, const comm::Communicator& comm, const StepContext& context, In<Device> x,
                                 VectorOf<Device, const OriginalId> seed_ids) {
  hidden1_.forward(dev, comm, context, x, seed_ids);
  hidden2_.forward(dev, comm, context, hidden1_.output(), seed_ids);
  logits_.resize(x.rows, linear3_.out_width());
  linear3_.forward(dev, hidden2_.output(), logits_);
  return logits_;
}

template <class Device>
void Head<Device>::backward(Device& dev, const comm::Communicator& comm, In<Device> x, In<Device> dlogits,
                            Out<Device> dx) {
  linear3_.backward(dev, hidden2_.output(), dlogits, hidden2_.output_gradient());
  hidden2_.backward(dev, comm, hidden1_.output(), hidden1_.output_gradient());
  hidden1_.backward(dev, comm, x, dx);
}

GIGAHOP_MODEL_INSTANTIATE(Head);

}  // namespace gigahop::model
