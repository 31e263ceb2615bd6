#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/trace.h"
#include "comm/agree.h"
#include "dataset/import.h"
#include "launch/output_place.h"
#include "launch/source_fingerprint.h"
#include "launch/stages.h"

namespace gigahop::launch {
namespace {

using proto::GenerateConfig;
using proto::ImportConfig;

dataset::NanPolicy nan_policy(const ImportConfig& config) {
  return config.nan() == ImportConfig::ZERO ? dataset::NanPolicy::kZero : dataset::NanPolicy::kRefuse;
}

dataset::Direction direction(const ImportConfig& config) {
  return config.directed() ? dataset::Direction::kDirected : dataset::Direction::kUndirected;
}

array::DType feature_dtype(const GenerateConfig& config) {
  return config.feature_dtype() == GenerateConfig::FLOAT16 ? array::DType::kFloat16 : array::DType::kFloat32;
}

Error no_format() {
  return config_error("import.format", "DEBIAN, OGB, EDGES, NPZ, METIS or MAT", "none",
                      "say --format or set import.format");
}

Error no_kind(Origin origin) {
  return config_error("generate.kind", "PLANTED_PARTITION, RMAT, BLOCK_MODEL, GEOMETRIC or GRID", "none",
                      origin == Origin::kGenerate ? "say --kind or set generate.kind"
                                                  : "set generate.kind, or import.format for a graph from files");
}

const std::string& only_source(const ImportConfig& config) {
  if (config.source_size() != 1) {
    throw config_error("import.source", "one file or folder", std::to_string(config.source_size()));
  }
  return config.source(0);
}

dataset::AttributeFiles attributes(const ImportConfig& config) {
  return {.features = config.features(),
          .labels = config.labels(),
          .train = config.train(),
          .valid = config.valid(),
          .test = config.test(),
          .positional = config.positional(),
          .names = config.names()};
}

dataset::ImportSummary import_as_configured(const ImportConfig& config, const dataset::Destination& destination) {
  switch (config.format()) {
    case ImportConfig::DEBIAN:
      return dataset::import_debian(
          {.packages_files = {config.source().begin(), config.source().end()}, .feature_width = config.feature_width()},
          destination);
    case ImportConfig::OGB:
      return dataset::import_ogb({.folder = only_source(config),
                                  .split = config.ogb_split(),
                                  .positional = config.positional(),
                                  .direction = direction(config),
                                  .nan = nan_policy(config)},
                                 destination);
    case ImportConfig::EDGES:
      if (!config.append().empty()) {
        return dataset::append_to_dataset({.base = config.append(),
                                           .edges = only_source(config),
                                           .attributes = attributes(config),
                                           .num_nodes = config.num_nodes(),
                                           .nan = nan_policy(config)},
                                          destination);
      }
      return dataset::import_edges({.edges = only_source(config),
                                    .attributes = attributes(config),
                                    .num_nodes = config.num_nodes(),
                                    .direction = direction(config),
                                    .nan = nan_policy(config)},
                                   destination);
    case ImportConfig::NPZ:
      return dataset::import_npz({.archive = only_source(config),
                                  .edges = config.npz_edges(),
                                  .features = config.npz_features(),
                                  .labels = config.npz_labels(),
                                  .train = config.npz_train_mask(),
                                  .valid = config.npz_valid_mask(),
                                  .test = config.npz_test_mask(),
                                  .positional = config.positional(),
                                  .direction = direction(config),
                                  .nan = nan_policy(config)},
                                 destination);
    case ImportConfig::METIS:
      return dataset::import_metis(
          {.graph = only_source(config), .attributes = attributes(config), .nan = nan_policy(config)}, destination);
    case ImportConfig::MAT:
      return dataset::import_mat({.file = only_source(config),
                                  .edges = config.mat_edges(),
                                  .features = config.mat_features(),
                                  .labels = config.mat_labels(),
                                  .label_quantiles = config.mat_label_quantiles(),
                                  .attributes = {.features = {},
                                                 .labels = {},
                                                 .train = config.train(),
                                                 .valid = config.valid(),
                                                 .test = config.test(),
                                                 .positional = config.positional(),
                                                 .names = {}},
                                  .direction = direction(config),
                                  .nan = nan_policy(config)},
                                 destination);
    case ImportConfig::NO_FORMAT:
      break;
  }
  throw no_format();
}

dataset::ImportSummary generate_as_configured(const GenerateConfig& config, uint64_t seed,
                                              const dataset::Destination& destination) {
  const dataset::GeneratorOptions common{.seed = seed,
                                         .num_nodes = config.num_nodes(),
                                         .edges_per_node = config.edges_per_node(),
                                         .num_classes = config.num_classes(),
                                         .feature_width = config.feature_width(),
                                         .feature_dtype = feature_dtype(config),
                                         .separation = config.separation(),
                                         .train_share = config.train_share(),
                                         .valid_share = config.valid_share(),
                                         .test_share = config.test_share()};
  switch (config.kind()) {
    case GenerateConfig::PLANTED_PARTITION:
      return dataset::generate_planted_partition({.common = common, .mixing = config.mixing()}, destination);
    case GenerateConfig::RMAT:
      return dataset::generate_rmat(
          {.common = common, .a = config.rmat_a(), .b = config.rmat_b(), .c = config.rmat_c()}, destination);
    case GenerateConfig::BLOCK_MODEL:
      return dataset::generate_block_model({.common = common,
                                            .mixing = config.mixing(),
                                            .degree_exponent = config.degree_exponent(),
                                            .community_exponent = config.community_exponent()},
                                           destination);
    case GenerateConfig::GEOMETRIC:
      return dataset::generate_geometric(common, destination);
    case GenerateConfig::GRID:
      return dataset::generate_grid({.common = common, .dimensions = config.dimensions()}, destination);
    case GenerateConfig::NO_KIND:
      break;
  }
  throw no_kind(Origin::kGenerate);
}

std::string dataset_name(const proto::Config& config, const std::filesystem::path& output) {
  if (!config.import().name().empty()) return config.import().name();
  return output.lexically_normal().filename().string();
}

void print_summary(const dataset::ImportSummary& summary, const std::filesystem::path& output) {
  fmt::print("dataset {}: {} nodes, {} edges, {} features, {} classes; {} train, {} valid, {} test ({:.1f} s)\n",
             output.string(), with_commas(summary.num_nodes), with_commas(summary.num_edges), summary.feature_width,
             summary.num_classes, with_commas(summary.num_train), with_commas(summary.num_valid),
             with_commas(summary.num_test), summary.seconds);
  if (summary.num_unlabelled > 0 && summary.num_classes > 0) {
    fmt::print("  {} nodes are unlabelled\n", with_commas(summary.num_unlabelled));
  }
  if (summary.num_dropped_names > 0) {
    fmt::print("  {} dependencies on packages that are not in the lists were dropped\n",
               with_commas(summary.num_dropped_names));
  }
}

/// What can be told before anything is read.
void check_import(const ImportConfig& config) {
  if (config.format() == ImportConfig::NO_FORMAT) throw no_format();
  if (!config.append().empty() && config.format() != ImportConfig::EDGES) {
    throw config_error("import.append", "EDGES as the format", ImportConfig::Format_Name(config.format()));
  }
  if (config.format() == ImportConfig::DEBIAN) {
    if (!config.positional().empty()) {
      throw config_error("import.positional", "EDGES, METIS, NPZ or OGB as the format", "DEBIAN");
    }
  } else {
    only_source(config);
  }
  require_sources(config);
}

}  // namespace

void make_dataset(Context& context, Origin origin, const std::filesystem::path& output,
                  PendingFolder::Existing existing) {
  const proto::Config& config = context.config;
  const bool is_import = origin == Origin::kImport ||
                         (origin == Origin::kAsConfigured && config.import().format() != ImportConfig::NO_FORMAT);
  const std::string source = is_import ? ImportConfig::Format_Name(config.import().format())
                                       : GenerateConfig::Kind_Name(config.generate().kind());
  const trace::Span span(is_import ? "import" : "generate");
  comm::agree(context.comm, [&] {
    if (context.comm.rank() != 0) return;
    if (is_import) check_import(config.import());
    require_place_for_output(output);
    if (existing == PendingFolder::Existing::kReplace) {
      require_replaceable(output, graph::kDatasetManifest,
                          is_import ? named_sources(config.import()) : std::vector<std::filesystem::path>());
    }
    if (!is_import && config.generate().kind() == GenerateConfig::NO_KIND) throw no_kind(origin);
    if (context.dry_run) {
      fmt::print("dataset {}: from {}; one process, streaming: below 1 GiB, whatever the number of edges\n",
                 output.string(), source);
      return;
    }
    const dataset::Destination destination{.folder = output,
                                           .name = dataset_name(config, output),
                                           .provenance = fmt::format("gigahop {} {}", GIGAHOP_VERSION, source),
                                           .existing = existing};
    print_summary(is_import ? import_as_configured(config.import(), destination)
                            : generate_as_configured(config.generate(), config.seed(), destination),
                  output);
  });
}

}  // namespace gigahop::launch
