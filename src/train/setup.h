/// From settings and a graph to the options of sampler and model: the one place that translates between them.
#pragma once

#include <cstdint>

#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "model/model_shape.h"
#include "proto/checkpoint.pb.h"
#include "proto/config.pb.h"
#include "sampler/loader.h"
#include "tensor/cpu.h"

namespace gigahop::train {

/// How the shards of this rank were encoded: by which method, width, seed, dtype and settings. Error{kData} "run
/// gigahop encode" before that, and if shards differ.
uint64_t encoding_fingerprint(const graph::LocalGraph& graph);

/// G of the encoded shards, which are encoded alike.
int64_t positional_width(const graph::LocalGraph& graph);

model::ModelShape model_shape(const proto::Config& config, const proto::Partition& partition, int64_t positional_width);

/// Seed, model and sampler of the checkpoint; batches_ahead, device_rows_bytes and everything else as given. Pure.
proto::Config with_settings_of(const proto::Checkpoint& checkpoint, const proto::Config& given);

/// num_threads: of the rank; loading takes half of them, at least one, beside the step. A model without local attention
/// needs no samples.
sampler::LoaderOptions loader_options(const proto::Config& config, int num_threads);

/// The shards of this rank as one graph, opened on all ranks or, with one Error, on none. The shards of all ranks have
/// labels and are encoded alike. Collective.
graph::LocalGraph open_graph(const comm::Communicator& comm, const std::filesystem::path& partition_folder,
                             const std::vector<int32_t>& rank_of_part);

/// config.threads, or all that OpenMP offers where it is 0.
int num_threads(const proto::Config& config);

/// Error{kConfig} for a device of the settings that is not part of this build. Pure.
void require_device_of_build(const proto::Config& config);

/// The CPU with the threads and the precision of the settings.
Cpu cpu_device(const proto::Config& config);

}  // namespace gigahop::train
