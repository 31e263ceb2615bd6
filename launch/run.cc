/// `gigahop run`: the whole path in one go, or up to a stage, skipping what is done and unchanged.
#include <map>

#include <fmt/format.h>

#include "base/checksum.h"
#include "base/log.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "config/config.h"
#include "launch/command.h"
#include "launch/source_fingerprint.h"
#include "launch/stage_log.h"
#include "launch/stages.h"
#include "train/resume_checks.h"

namespace gigahop::launch {
namespace {

namespace fs = std::filesystem;

uint64_t combine(std::initializer_list<uint64_t> fingerprints) {
  return checksum_of(std::as_bytes(std::span(fingerprints.begin(), fingerprints.size())));
}

/// The settings that decide a stage's result: where it runs and how far it goes are not among them.
struct StageSettings {
  explicit StageSettings(const proto::Config& config) {
    using config::fingerprint;
    dataset = combine({fingerprint(config.import()), fingerprint(config.generate()), config.seed()});
    proto::PartitionConfig cut = config.partition();
    cut.clear_chunk_bytes();
    // Features are replaced by tokens of this type, so another type starts from the dataset again.
    partition = combine({fingerprint(cut), config.seed(), static_cast<uint64_t>(config.encode().token_dtype())});
    proto::EncodeConfig encoding = config.encode();
    encoding.clear_keep_features();
    encode = combine({fingerprint(encoding), config.seed()});
    proto::TrainConfig length = config.train();
    for (const auto clear : {&proto::TrainConfig::clear_max_seconds, &proto::TrainConfig::clear_max_steps,
                             &proto::TrainConfig::clear_keep_last, &proto::TrainConfig::clear_checkpoint_every_steps,
                             &proto::TrainConfig::clear_evaluation_batch_size}) {
      (length.*clear)();
    }
    train = combine({fingerprint(gigahop::train::shaping(config.sampler())), fingerprint(config.model()),
                     fingerprint(length), config.seed()});
    predict = fingerprint(config.predict());
  }

  uint64_t dataset, partition, encode, train, predict;
};

/// The names of the folders in a workspace.
struct Workspace {
  explicit Workspace(const fs::path& folder)
      : root(folder),
        dataset(folder / "dataset"),
        partition(folder / "partition"),
        run(folder / "run"),
        predictions(folder / "predictions") {}

  fs::path root, dataset, partition, run, predictions;
};

/// Keeps what an earlier training left: run -> run.1, run.2, ...
void move_aside(const comm::Communicator& comm, const fs::path& run) {
  comm::agree(comm, [&] {
    if (comm.rank() != 0 || !fs::exists(run)) return;
    int number = 1;
    while (fs::exists(fmt::format("{}.{}", run.string(), number))) ++number;
    const std::string kept = fmt::format("{}.{}", run.string(), number);
    fs::rename(run, kept);
    log_info("the settings changed: the earlier run is kept as {}", kept);
  });
}

/// Of the sources of the graph, and of the parts given for it (0: none). Rank 0 looks; the other ranks may be on
/// machines without these files.
struct Sources {
  uint64_t graph = 0;
  uint64_t given_parts = 0;
};

Sources fingerprint_of_sources(const Context& context) {
  Sources sources;
  comm::agree(context.comm, [&] {
    if (context.comm.rank() != 0) return;
    sources.graph = source_fingerprint(context.config.import());
    const std::string& parts = context.config.partition().part_of_node();
    if (!parts.empty()) sources.given_parts = file_fingerprint(parts);
  });
  comm::broadcast(context.comm, std::span(&sources, 1), 0);
  return sources;
}

/// How far `run` goes.
enum class Last { kPartition, kEncode, kTrain, kPredict };

void print_outcome(const Workspace& workspace) {
  fmt::print(
      "\nWhere things are\n"
      "  predictions   {0}/predictions.npy   (one class per node, in the order of the dataset)\n"
      "  checkpoints   {1}/checkpoints   (model.safetensors opens in PyTorch)\n"
      "  curves        {1}/metrics.jsonl; gigahop report {1}, or tensorboard --logdir {1}\n"
      "What to try next\n"
      "  the same command again: nothing is done twice\n"
      "  --set model.attention=LOCAL (or GLOBAL, NONE), --set train.epochs=60, --set sampler.sample_size=64\n"
      "  gigahop inspect {2} --verify\n",
      workspace.predictions.string(), workspace.run.string(), workspace.partition.string());
}

void run_stages(Context& context, Last last) {
  const StageSettings settings(context.config);
  const Workspace workspace(context.config.workspace());
  StageLog log(context.comm, workspace.root);

  // Work says whether the stage is complete; one that is not goes on at the next call.
  const auto run_stage = [&](const std::string& stage, uint64_t stage_settings, uint64_t input, const fs::path& output,
                             const auto& work) {
    const StageState state = log.state(stage, stage_settings, input, output);
    if (state == StageState::kDone) {
      log_info("{}: done before, unchanged: {}", stage, output.string());
    } else {
      if (state == StageState::kNew && output == workspace.run) move_aside(context.comm, workspace.run);
      log.begin(stage, stage_settings, input);
      if (work(state) == Completion::kComplete) log.finish(stage);
    }
    return combine({stage_settings, input});
  };

  const Sources sources = fingerprint_of_sources(context);
  const auto replace = PendingFolder::Existing::kReplace;
  const uint64_t dataset = run_stage("dataset", settings.dataset, sources.graph, workspace.dataset, [&](StageState) {
    make_dataset(context, Origin::kAsConfigured, workspace.dataset, replace);
    return Completion::kComplete;
  });
  const uint64_t to_cut = sources.given_parts == 0 ? dataset : combine({dataset, sources.given_parts});
  const uint64_t partition = run_stage("partition", settings.partition, to_cut, workspace.partition, [&](StageState) {
    make_partition(context, workspace.dataset, workspace.partition, replace);
    return Completion::kComplete;
  });
  if (last == Last::kPartition) return;
  const uint64_t encoded = run_stage("encode", settings.encode, partition, workspace.partition, [&](StageState) {
    encode_partition(context, workspace.partition);
    return Completion::kComplete;
  });
  if (last == Last::kEncode) return;
  const uint64_t trained = run_stage("train", settings.train, encoded, workspace.run, [&](StageState state) {
    return train_model(context, workspace.partition, workspace.run,
                       {.resume = state == StageState::kBegun, .init_from = {}, .trace = {}});
  });
  if (last == Last::kTrain) return;
  if (context.is_told_to_stop()) context.exit_code = kExitTryAgain;
  if (context.exit_code == kExitTryAgain) return;
  run_stage("predict", settings.predict, trained, workspace.predictions, [&](StageState) {
    return predict_nodes(context, workspace.partition, workspace.run, workspace.predictions, workspace.dataset);
  });
  if (context.exit_code == kExitTryAgain) return;
  if (context.comm.rank() == 0) print_outcome(workspace);
}

/// What each stage would do; later stages can be told exactly only once the earlier ones are there.
void plan_stages(Context& context, Last last) {
  const Workspace workspace(context.config.workspace());
  make_dataset(context, Origin::kAsConfigured, workspace.dataset, PendingFolder::Existing::kReplace);
  make_partition(context, workspace.dataset, workspace.partition, PendingFolder::Existing::kReplace);
  if (last >= Last::kEncode) encode_partition(context, workspace.partition);
  if (last >= Last::kTrain) train_model(context, workspace.partition, workspace.run, {});
}

}  // namespace

void add_run(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("run",
                         "The whole path: import or generate, partition, encode, train, predict. Stages that are done "
                         "with the same settings\n"
                         "and input are skipped; a training that was interrupted goes on where it was.\n"
                         "Example:\n"
                         "  mpirun -n 2 gigahop run --config configs/debian_packages.textproto");
  static const std::map<std::string, Last> kNames = {
      {"partition", Last::kPartition}, {"encode", Last::kEncode}, {"train", Last::kTrain}, {"predict", Last::kPredict}};
  const auto last = std::make_shared<std::string>("predict");
  command->add_option("--until", *last, "Last stage of this call: partition, encode, train or predict")
      ->type_name("STAGE")
      ->check(unspoken(CLI::IsMember(kNames)));
  invocation.add(*command, {{"--workspace", "workspace", "Folder in which everything is kept"}},
                 [last](Context& context) {
                   if (context.dry_run) {
                     plan_stages(context, kNames.at(*last));
                   } else {
                     run_stages(context, kNames.at(*last));
                   }
                 },
                 {.goes_on = true, .folder_of_run = [](const proto::Config& config) { return config.workspace(); }});
}

}  // namespace gigahop::launch
