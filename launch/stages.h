/// The stages as the commands and `run` call them: settings turned into each layer's options, progress and results
/// printed.
///
/// Collective: every rank calls the same stage with the same settings. A stage throws an Error on all ranks if any
/// fails.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/files.h"
#include "graph/dataset_folder.h"
#include "launch/context.h"
#include "proto/partition.pb.h"

namespace gigahop::launch {

/// kAsConfigured: imports if import.format is set, generates otherwise.
enum class Origin { kImport, kGenerate, kAsConfigured };

/// Imports or generates on rank 0; the other ranks wait. Error{kConfig} if no format or kind is chosen.
void make_dataset(Context& context, Origin origin, const std::filesystem::path& output,
                  PendingFolder::Existing existing);

/// refine_from: a partition folder whose parts are the start; empty: none.
void make_partition(Context& context, const std::filesystem::path& dataset, const std::filesystem::path& output,
                    PendingFolder::Existing existing, const std::filesystem::path& refine_from = {});

/// The line of a dry run whose input is not there yet.
void print_unknown_yet(std::string_view stage, const std::filesystem::path& output, const std::filesystem::path& input);

/// What a partition is like, for people: sizes, cut, balance.
void print_partition(const proto::Partition& partition, const std::filesystem::path& folder);

/// [P] rank of each part for this launch. Error{kConfig} if there are more ranks than parts. Collective.
std::vector<int32_t> rank_of_parts(const Context& context, const std::filesystem::path& partition);

void encode_partition(Context& context, const std::filesystem::path& partition);

struct TrainOptions {
  bool resume = false;
  std::filesystem::path init_from;
  std::filesystem::path trace;  // empty: none
};
/// kLimited: train.max_steps or max_seconds ended it before the last epoch. kStopped: a signal did.
enum class Completion { kComplete, kLimited, kStopped };
Completion train_model(Context& context, const std::filesystem::path& partition, const std::filesystem::path& run,
                       const TrainOptions& options);

/// The dataset that a partition was made of: Error{kConfig} for an empty path, Error{kData} for another dataset.
graph::DatasetFolder open_dataset_of(const std::filesystem::path& partition, const std::filesystem::path& dataset);

/// `checkpoint`: a checkpoint folder, or a run folder, whose best one is meant. Files of an earlier call are replaced.
/// dataset: where names and true classes are; may be empty unless predict.format or predict.misfiled asks for them.
Completion predict_nodes(Context& context, const std::filesystem::path& partition,
                         const std::filesystem::path& checkpoint, const std::filesystem::path& output,
                         const std::filesystem::path& dataset);

}  // namespace gigahop::launch
