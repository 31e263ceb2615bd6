#include "model/seed_branch.h"

#include "model/instantiate.h"
#include "ops/rows.h"

namespace gigahop::model {

template <class Device>
SeedBranch<Device>::SeedBranch(Parameters<Device>& parameters, const ModelShape& shape)
    : hidden_(parameters, {.linear = "seed_branch.linear1",
                           .norm = "seed_branch.norm",
                           .purpose = Purpose::kDropoutSeedBranch,
                           .dropout = shape.dropout_feed_forward}),
      linear2_(parameters, "seed_branch.linear2") {}

template <class Device>
void SeedBranch<Device>::forward(Device& dev, const comm::Communicator& comm, const StepContext& context,
                                 const ModelInput<Device>& input, Out<Device> h) {
  const int64_t num_seeds = input.seed_ids.size;
  seed_rows_.resize(num_seeds);
  ops::seed_token_rows(dev, input.sample_offsets, input.sample_nodes, {seed_rows_.data(), num_seeds});
  features_.resize(num_seeds, input.tokens.cols);
  ops::gather_rows(dev, input.tokens, {seed_rows_.data(), num_seeds}, features_);
  hidden_.forward(dev, comm, context, features_, input.seed_ids);
  linear2_.forward(dev, hidden_.output(), h);
}

template <class Device>
void SeedBranch<Device>::backward(Device& dev, const comm::Communicator& comm, In<Device> dh) {
  linear2_.backward(dev, hidden_.output(), dh, hidden_.output_gradient());
  hidden_.backward_parameters(dev, comm, features_);
}

GIGAHOP_MODEL_INSTANTIATE(SeedBranch);

}  // namespace gigahop::model
