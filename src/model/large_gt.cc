#include "model/large_gt.h"

#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "comm/collectives.h"
#include "model/architecture.h"
#include "model/codebook.h"
#include "model/global_layer.h"
#include "model/head.h"
#include "model/instantiate.h"
#include "model/local_layer.h"
#include "model/seed_branch.h"
#include "model/token_branch.h"

namespace gigahop::model {
namespace {

template <class Device>
void check_input(const ModelShape& shape, const ModelInput<Device>& input) {
  const int64_t num_seeds = input.seed_ids.size;
  require(input.sample_offsets.size == num_seeds + 1, "every seed has a list");
  require(input.sample_nodes.size == input.sample_counts.size, "every sample entry has a count");
  require(static_cast<int64_t>(input.host_sample_offsets.size()) == input.sample_offsets.size,
          "sample offsets are in host memory too");
  for (size_t b = 0; b + 1 < input.host_sample_offsets.size(); ++b) {
    require(input.host_sample_offsets[b] < input.host_sample_offsets[b + 1],
            "the list of a seed holds the seed itself at least");
  }
  require(input.tokens.rows == 3 * input.node_ids.size, "every node has three tokens");
  require(input.tokens.rows == 0 || input.tokens.cols == shape.feature_width,
          "tokens are as wide as the model's input");
  if (!shape.has_global()) return;
  require(input.positional.rows == num_seeds, "every seed has a positional encoding");
  require(num_seeds == 0 || input.positional.cols == shape.positional_width,
          "positional encodings are as wide as the model's");
}

/// An empty batch may come without widths.
template <class Device>
ModelInput<Device> with_widths(const ModelShape& shape, ModelInput<Device> input) {
  if (input.tokens.rows == 0) input.tokens = {input.tokens.data, 0, shape.feature_width};
  if (input.positional.rows == 0) input.positional = {input.positional.data, 0, shape.positional_width};
  return input;
}

template <class Device>
void append(std::vector<StateArray<Device>>& states, const std::string& name, BatchStatistics<Device>& statistics) {
  const OutVector<Device> mean = statistics.running_mean();
  states.push_back({name + ".running_mean", {mean.size}, mean});
  states.push_back({name + ".running_var", {mean.size}, statistics.running_variance()});
}

}  // namespace

template <class Device>
struct LargeGt<Device>::Layers {
  Layers(Device& dev, const ModelShape& model_shape, RandomKey random_key, const comm::Communicator& communicator)
      : device(dev),
        comm(communicator),
        shape(model_shape),
        key(random_key),
        parameters(dev, parameter_specs(model_shape), random_key),
        head(parameters, model_shape),
        product_seconds_before(dev.product_seconds) {
    if (shape.has_seed_branch()) seed_branch.emplace(parameters, shape);
    if (shape.has_local()) {
      token_branch.emplace(parameters, shape);
      local.emplace(parameters, shape);
    }
    if (shape.has_global()) {
      codebook.emplace(dev, key, shape.num_codewords, 2 * shape.positional_width);
      global.emplace(parameters, shape);
    }
  }

  /// Columns of `joined`, or of its gradient, that a branch writes and the head reads.
  Out<Device> local_part(Out<Device> of) const { return of.columns(0, shape.attention_width()); }
  Out<Device> global_part(Out<Device> of) const {
    return of.columns(of.cols - shape.attention_width(), shape.attention_width());
  }

  Device& device;
  const comm::Communicator& comm;
  ModelShape shape;
  RandomKey key;
  Parameters<Device> parameters;
  std::optional<SeedBranch<Device>> seed_branch;
  std::optional<TokenBranch<Device>> token_branch;
  std::optional<LocalLayer<Device>> local;
  std::optional<Codebook<Device>> codebook;
  std::optional<GlobalLayer<Device>> global;
  Head<Device> head;
  double product_seconds_before;

  ModelInput<Device> input;                  // of the last forward
  Matrix<Real<Device>, Device> seed_output;  // h [B, H], where global attention reads it
  Matrix<Real<Device>, Device> joined;       // [B, in], what the head reads
  Matrix<Real<Device>, Device> seed_gradient;
  Matrix<Real<Device>, Device> joined_gradient;
};

template <class Device>
LargeGt<Device>::LargeGt(Device& device, const ModelShape& shape, RandomKey key, const comm::Communicator& comm) {
  check_shape(shape);
  layers_ = std::make_unique<Layers>(device, shape, key, comm);
}

template <class Device>
LargeGt<Device>::~LargeGt() = default;

template <class Device>
const ModelShape& LargeGt<Device>::shape() const {
  return layers_->shape;
}

template <class Device>
Parameters<Device>& LargeGt<Device>::parameters() {
  return layers_->parameters;
}

template <class Device>
Device& LargeGt<Device>::device() {
  return layers_->device;
}

template <class Device>
std::vector<StateArray<Device>> LargeGt<Device>::state() {
  Layers& l = *layers_;
  std::vector<StateArray<Device>> states;
  if (l.seed_branch) append(states, "seed_branch.norm", l.seed_branch->statistics());
  append(states, "head.norm1", l.head.statistics1());
  append(states, "head.norm2", l.head.statistics2());
  if (!l.codebook) return states;
  const int64_t num_codewords = l.shape.num_codewords;
  const int64_t width = 2 * l.shape.positional_width;
  append(states, "codebook", l.codebook->statistics());
  states.push_back({"codebook.codewords", {num_codewords, width}, l.codebook->codewords()});
  states.push_back({"codebook.sums", {num_codewords, width}, l.codebook->sums()});
  states.push_back({"codebook.sizes", {num_codewords}, l.codebook->sizes()});
  states.push_back({"codebook.histogram", {num_codewords}, l.codebook->stored_histogram()});
  return states;
}

template <class Device>
MatrixView<const Real<Device>, Device> LargeGt<Device>::forward(const ModelInput<Device>& input, Mode mode,
                                                                int64_t step) {
  Layers& l = *layers_;
  check_input(l.shape, input);
  l.input = with_widths(l.shape, input);
  const int64_t num_seeds = input.seed_ids.size;
  if (mode == Mode::kTrain && input.num_seeds_all == 0) {
    l.input.num_seeds_all = comm::sum_over_ranks(l.comm, num_seeds);
  }
  const StepContext context{
      .key = l.key, .mode = mode, .step = static_cast<uint64_t>(step), .num_seeds_all = l.input.num_seeds_all};
  l.joined.resize(num_seeds, l.shape.head_input_width());
  if (l.local) {
    l.token_branch->forward(l.device, context, l.input);
    l.local->forward(l.device, context, l.input, l.token_branch->output(), l.local_part(l.joined));
  }
  if (l.global) {
    l.seed_output.resize(num_seeds, l.shape.hidden_width);
    l.seed_branch->forward(l.device, l.comm, context, l.input, l.seed_output);
    l.global->forward(l.device, *l.codebook, l.seed_output, l.input.positional, l.global_part(l.joined));
  } else if (l.seed_branch) {
    l.seed_branch->forward(l.device, l.comm, context, l.input, l.joined);
  }
  return l.head.forward(l.device, l.comm, context, l.joined, input.seed_ids);
}

template <class Device>
MatrixView<const Real<Device>, Device> LargeGt<Device>::embeddings() const {
  return layers_->head.embeddings();
}

template <class Device>
void LargeGt<Device>::backward(MatrixView<const Real<Device>, Device> logits_gradient, const OnFinal& on_final,
                               const OnQuiet& on_quiet) {
  Layers& l = *layers_;
  const auto is_final = [&](std::string_view prefix) {
    const VectorView<Real<Device>, Device> gradients = l.parameters.gradients_of(prefix);
    if (on_final && gradients.size > 0) on_final(gradients);
  };
  l.joined_gradient.resize(l.joined.rows(), l.joined.cols());
  l.head.backward(l.device, l.comm, l.joined, logits_gradient, l.joined_gradient);
  is_final("head.");
  if (l.global) {
    l.seed_gradient.resize(l.seed_output.rows(), l.seed_output.cols());
    l.global->backward(l.device, l.seed_output, l.global_part(l.joined_gradient), l.seed_gradient);
    is_final("global.");
    l.seed_branch->backward(l.device, l.comm, l.seed_gradient);
  } else if (l.seed_branch) {
    l.seed_branch->backward(l.device, l.comm, l.joined_gradient);
  }
  is_final("seed_branch.");
  if (on_quiet) on_quiet();
  if (l.local) {
    l.local->backward(l.device, l.input, l.token_branch->output(), l.local_part(l.joined_gradient),
                      l.token_branch->output_gradient());
    is_final("local.");
    l.token_branch->backward(l.device, l.input);
    is_final("token_branch.");
  }
}

template <class Device>
void LargeGt<Device>::loss(MatrixView<const Real<Device>, Device> logits, VectorView<const int32_t, Device> labels,
                           int64_t num_seeds_all, MatrixView<Real<Device>, Device> logits_gradient,
                           VectorOf<Device, ops::CrossEntropy> result) {
  const double scale = num_seeds_all > 0 ? 1.0 / static_cast<double>(num_seeds_all) : 0.0;
  ops::cross_entropy(layers_->device, logits, labels, scale, logits_gradient, result);
}

template <class Device>
VectorView<Real<Device>, Device> LargeGt<Device>::collect_codebook(VectorView<const int32_t, Device> codes) {
  Layers& l = *layers_;
  if (!has_codebook() || l.input.num_seeds_all == 0) return {};
  return l.codebook->collect(l.device, l.comm, l.global->rows(), l.input.num_seeds_all, codes);
}

template <class Device>
VectorView<const int32_t, Device> LargeGt<Device>::move_codebook() {
  Layers& l = *layers_;
  require(has_codebook(), "move_codebook: the model has a codebook");
  if (l.input.num_seeds_all == 0) return {};
  return l.codebook->move(l.device);
}

template <class Device>
void LargeGt<Device>::set_histogram(std::span<const int64_t> counts) {
  if (layers_->codebook) layers_->codebook->set_histogram(layers_->device, counts);
}

template <class Device>
bool LargeGt<Device>::has_codebook() const {
  return layers_->codebook.has_value();
}

template <class Device>
double LargeGt<Device>::product_seconds() const {
  return layers_->device.product_seconds - layers_->product_seconds_before;
}

GIGAHOP_MODEL_INSTANTIATE(LargeGt);

uint16_t initial_code(RandomKey key, OriginalId node, int64_t num_codewords) {
  const RandomWords words = random_words(key, Purpose::kInitialAssignment, 0, static_cast<uint64_t>(node.value), 0);
  return static_cast<uint16_t>((static_cast<uint64_t>(words[0]) * static_cast<uint64_t>(num_codewords)) >> 32);
}

}  // namespace gigahop::model
