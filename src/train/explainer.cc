#include "train/explainer.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "array/manifest.h"
#include "base/error.h"
#include "sampler/loader.h"
#include "tensor/host_copy.h"
#include "train/assignments.h"
#include "train/batch_input.h"
#include "train/checkpoint_reader.h"
#include "train/model_state.h"
#include "train/setup.h"

namespace gigahop::train {
namespace fs = std::filesystem;
namespace {

LocalId row_of(const graph::LocalGraph& graph, OriginalId node) {
  const std::span<const OriginalId> ids = graph.original_ids();
  const auto found = std::ranges::find(ids, node);
  if (found == ids.end()) {
    throw config_error("node", fmt::format("an id in [0, {})", graph.map().num_nodes()), fmt::format("{}", node.value));
  }
  return LocalId(static_cast<int32_t>(found - ids.begin()));
}

std::vector<SampledNode> sample_of(const graph::LocalGraph& graph, LocalId seed, const sampler::MiniBatch& batch) {
  std::vector<OriginalId> neighbours;
  for (const LocalId row : graph.edges().neighbours(seed.value)) {
    neighbours.push_back(graph.original_ids()[static_cast<size_t>(row.value)]);
  }
  std::ranges::sort(neighbours);
  std::vector<SampledNode> sample;
  for (size_t l = 0; l < batch.sample_nodes.size(); ++l) {
    const OriginalId id = batch.node_ids[static_cast<size_t>(batch.sample_nodes[l])];
    const bool is_neighbour = std::ranges::binary_search(neighbours, id);
    sample.push_back({.id = id, .count = batch.sample_counts[l], .distance = l == 0 ? 0 : is_neighbour ? 1 : 2});
  }
  return sample;
}

std::vector<AttendedCodeword> strongest(const std::vector<double>& weights, size_t count) {
  std::vector<int64_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater(), [&](int64_t m) { return weights[static_cast<size_t>(m)]; });
  order.resize(std::min(order.size(), count));
  std::vector<AttendedCodeword> codewords;
  for (const int64_t m : order) {
    if (weights[static_cast<size_t>(m)] > 0) {
      AttendedCodeword& codeword = codewords.emplace_back();
      codeword.number = m;
      codeword.weight = weights[static_cast<size_t>(m)];
    }
  }
  return codewords;
}

bool is_trained_on(const CheckpointReader& checkpoint, const proto::Partition& partition) {
  return checkpoint.manifest().num_parts() == partition.num_parts() &&
         checkpoint.manifest().partition_fingerprint() == array::fingerprint(partition.arrays());
}

void describe_members(const graph::LocalGraph& graph, std::span<const uint16_t> codes, size_t num_typical,
                      AttendedCodeword& codeword) {
  std::vector<LocalId> members;
  codeword.members_of_class.assign(static_cast<size_t>(graph.partition().num_classes()), 0);
  for (size_t row = 0; row < codes.size(); ++row) {
    if (codes[row] != codeword.number) continue;
    members.emplace_back(static_cast<int32_t>(row));
    if (graph.labels()[row] >= 0) ++codeword.members_of_class[static_cast<size_t>(graph.labels()[row])];
  }
  std::ranges::stable_sort(members, std::greater(), [&](LocalId row) { return graph.edges().degree(row.value); });
  members.resize(std::min(members.size(), num_typical));
  for (const LocalId row : members) codeword.typical.push_back(graph.original_ids()[static_cast<size_t>(row.value)]);
}

}  // namespace

NodeExplanation explain_node(const comm::Communicator& comm, const proto::Config& given,
                             const fs::path& partition_folder, const fs::path& checkpoint, OriginalId node,
                             size_t num_codewords, size_t num_typical) {
  require(comm.size() == 1, "explained on one process");
  const CheckpointReader reader(resolve_checkpoint(comm, checkpoint));
  const proto::Config config = with_settings_of(reader.manifest(), given);
  const proto::Partition partition = graph::read_partition_manifest(partition_folder);
  require_same_or_grown_graph(reader, partition);
  const graph::LocalGraph graph =
      open_graph(comm, partition_folder, std::vector<int32_t>(static_cast<size_t>(partition.num_parts()), 0));
  require_same_encoding(reader, encoding_fingerprint(graph));
  Cpu device = cpu_device(config);
  model::LargeGt<Cpu> model(device, model_shape(config, partition, positional_width(graph)), RandomKey{config.seed()},
                            comm);
  load_model(reader.model(), Needed::kEverything, model);

  const LocalId seed = row_of(graph, node);
  sampler::LoaderOptions loading = loader_options(config, device.num_threads);
  loading.assembly = sampler::Assembly::kHost;
  sampler::Loader loader(graph, comm.duplicate(), loading);
  const sampler::MiniBatch batch = loader.load({.salt = sampler::kEvaluationSalt, .seeds = {seed}});
  NodeExplanation explained{.node = node,
                            .label = graph.labels()[static_cast<size_t>(seed.value)],
                            .sample = sample_of(graph, seed, batch),
                            .weights = model::explain(model, views_of(batch).model, 0),
                            .codewords = {}};
  if (!model.has_codebook()) return explained;
  explained.codewords = strongest(explained.weights.codewords, num_codewords);
  std::vector<uint16_t> codes;  // of all nodes; none where the shards have other nodes than the model was trained on
  if (is_trained_on(reader, partition)) {
    Assignments<Cpu> assignments(device, graph, model.shape().num_codewords, RandomKey{config.seed()});
    assignments.load(reader);
    codes = host_copy(device, assignments.codes());
  }
  const auto state = model.state();
  const auto histogram = std::ranges::find(state, "codebook.histogram", &model::StateArray<Cpu>::name);
  for (AttendedCodeword& codeword : explained.codewords) {
    codeword.num_members = static_cast<int64_t>(histogram->values[codeword.number]);
    if (!codes.empty()) describe_members(graph, codes, num_typical, codeword);
  }
  return explained;
}

}  // namespace gigahop::train
