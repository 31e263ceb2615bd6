#include "encode/encode.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "array/manifest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/trace.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/lock_folder.h"
#include "encode/block_width.h"
#include "encode/column_file.h"
#include "encode/fastrp.h"
#include "encode/propagation.h"
#include "encode/shard_update.h"
#include "graph/local_graph.h"

namespace gigahop::encode {
namespace fs = std::filesystem;
namespace {

using array::DType;
using Positional = EncodeOptions::Positional;
using Tokens = EncodeSummary::Tokens;

constexpr int64_t kHops = 3;
constexpr char kTokens[] = "tokens.npy";
constexpr char kPositional[] = "positional.npy";

void check_options(const EncodeOptions& options) {
  if (options.token_dtype != DType::kFloat32 && options.token_dtype != DType::kFloat16 &&
      options.token_dtype != DType::kBFloat16) {
    throw config_error("encode.token_dtype", "float32, float16 or bfloat16", name(options.token_dtype));
  }
  if (options.positional_width < 1 || options.block_bytes < 1) {
    throw config_error("encode.positional_width", "a width >= 1", std::to_string(options.positional_width));
  }
  const auto& weights = options.fastrp_weights;
  const bool finite = std::all_of(weights.begin(), weights.end(), [](double w) { return std::isfinite(w); });
  const bool some = std::any_of(weights.begin(), weights.end(), [](double w) { return w != 0; });
  if (!weights.empty() && (!finite || !some)) {
    throw config_error("encode.fastrp_weights", "finite weights, not all zero", "others");
  }
}

/// One encoding of all shards: the new arrays of this rank's shards, then the update of their manifests.
class Encoder {
 public:
  Encoder(const comm::Communicator& comm, const graph::LocalGraph& graph, const EncodeOptions& options)
      : comm_(comm),
        graph_(graph),
        options_(options),
        weights_(options.fastrp_weights),
        new_arrays_(graph.shards().size()),
        width_(options.positional == Positional::kFile ? graph.partition().positional_width()
                                                       : options.positional_width),
        most_rows_(comm::max_over_ranks(comm, block_rows(graph.num_owned(), graph.num_halo()))),
        tokens_(decide_tokens()) {
    if (weights_.empty()) weights_ = {0, 1, 1, 1};
  }

  ~Encoder() {
    for (const graph::Shard& shard : graph_.shards()) discard_pending(shard.folder());
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  int64_t positional_width() const { return width_; }

  Tokens run() {
    comm::agree(comm_, [&] { check_input(); });
    if (tokens_ == Tokens::kWritten) warn_of_lost_precision();
    Progress progress("encode", "rows", num_row_visits(),
                      comm_.rank() == 0 ? Progress::Visibility::kShown : Progress::Visibility::kQuiet);
    Propagation propagation(comm_, graph_, progress);
    if (tokens_ == Tokens::kWritten) make_tokens(propagation);
    if (options_.positional == Positional::kFastRp) {
      make_fastrp(propagation);
    } else {
      comm::agree(comm_, [&] { options_.positional == Positional::kFile ? copy_positional() : make_zeros(); });
    }
    progress.finish();
    comm::agree(comm_, [&] { update_shards(); });
    comm::agree(comm_, [&] { remove_features(); });
    return tokens_;
  }

 private:
  using Files = std::vector<ColumnFile>;

  /// Tokens depend on x and their dtype alone: where all shards of all ranks have them, they are kept.
  Tokens decide_tokens() const {
    const auto has_tokens = [&](const graph::Shard& shard) {
      const proto::ArrayRecord* record = array::find_record(shard.manifest().arrays(), kTokens);
      return record != nullptr && record->dtype() == name(options_.token_dtype);
    };
    const auto& shards = graph_.shards();
    const auto missing = std::count_if(shards.begin(), shards.end(), [&](const auto& s) { return !has_tokens(s); });
    return comm::sum_over_ranks<int64_t>(comm_, missing) == 0 ? Tokens::kKept : Tokens::kWritten;
  }

  void check_input() const {
    const proto::Partition& partition = graph_.partition();
    if (partition.feature_width() == 0) {
      throw data_error(graph::kPartitionManifest, "a dataset with features", "feature_width 0",
                       "import the graph with features");
    }
    if (options_.positional == Positional::kFile && partition.positional_width() == 0) {
      throw data_error(graph::kPartitionManifest, "positional encodings from the dataset's positional.npy", "none",
                       "set encode.positional to FASTRP or NONE");
    }
    for (const graph::Shard& shard : graph_.shards()) FeatureRows{shard};
  }

  /// Where features.npy is gone, x is what the tokens kept of it. Collective.
  void warn_of_lost_precision() const {
    const auto takes_less = [&](const graph::Shard& shard) {
      const DType stored = lists_features(shard) ? DType::kFloat32 : shard.tokens().dtype();
      return stored != DType::kFloat32 && stored != options_.token_dtype;
    };
    const auto& shards = graph_.shards();
    const int64_t lost = comm::sum_over_ranks<int64_t>(comm_, std::count_if(shards.begin(), shards.end(), takes_less));
    if (lost == 0 || comm_.rank() != 0) return;
    log_warning(
        "features.npy of {} shards is gone: x is taken from their half-precision tokens, and {} tokens are no more "
        "precise; partition again for those of the original features",
        lost, name(options_.token_dtype));
  }

  int64_t columns_per_block(int64_t width) const { return block_width(most_rows_, options_.block_bytes, width); }

  int64_t num_row_visits() const {
    const int64_t feature_width = graph_.partition().feature_width();
    const auto blocks = [&](int64_t width) {
      const int64_t columns = columns_per_block(width);
      return (width + columns - 1) / columns;
    };
    int64_t passes = tokens_ == Tokens::kWritten ? 2 * blocks(feature_width) : 0;
    if (options_.positional == Positional::kFastRp) {
      passes += static_cast<int64_t>(weights_.size()) * (blocks(width_) > 1 ? 2 : 1) * blocks(width_);
    }
    return passes * graph_.num_owned();
  }

  /// One file per shard under its pending name; `row_shape` is that of one row.
  Files create_files(const std::string& name, DType dtype, const std::vector<int64_t>& row_shape) const {
    Files files;
    for (const graph::Shard& shard : graph_.shards()) {
      std::vector<int64_t> shape = {shard.num_owned()};
      shape.insert(shape.end(), row_shape.begin(), row_shape.end());
      files.emplace_back(pending_array(shard.folder(), name), dtype, shape);
    }
    return files;
  }

  void describe_files(const Files& files, const std::string& name) {
    for (size_t s = 0; s < files.size(); ++s) new_arrays_[s].push_back(files[s].describe(name));
  }

  /// Rows of shard s in a block over all owned rows.
  template <class T>
  MatrixView<T> rows_of_shard(size_t s, MatrixView<T> block) const {
    return block.row_range(graph_.shard_offsets()[s], graph_.shards()[s].num_owned());
  }

  void make_tokens(Propagation& propagation) {
    const trace::Span span("tokens");
    const int64_t width = graph_.partition().feature_width();
    const int64_t columns = columns_per_block(width);
    Files files;
    comm::agree(comm_, [&] { files = create_files(kTokens, options_.token_dtype, {kHops, width}); });
    Matrix<float> hops[kHops];
    for (int64_t first = 0; first < width; first += columns) {
      for (Matrix<float>& hop : hops) hop.resize(graph_.num_owned(), std::min(columns, width - first));
      for (size_t s = 0; s < files.size(); ++s) {
        FeatureRows(graph_.shards()[s]).read(first, rows_of_shard(s, hops[0].view()));
      }
      propagation.apply(hops[0], hops[1]);
      propagation.apply(hops[1], hops[2]);
      comm::agree(comm_, [&] {
        for (size_t s = 0; s < files.size(); ++s) {
          const Columns pieces[kHops] = {{first, rows_of_shard(s, hops[0].view())},
                                         {width + first, rows_of_shard(s, hops[1].view())},
                                         {2 * width + first, rows_of_shard(s, hops[2].view())}};
          files[s].write(pieces);
        }
      });
    }
    comm::agree(comm_, [&] { describe_files(files, kTokens); });
  }

  void make_fastrp(Propagation& propagation) {
    const trace::Span span("positional encodings");
    Files files;
    comm::agree(comm_, [&] { files = create_files(kPositional, DType::kFloat32, {width_}); });
    FastRp fastrp(graph_, RandomKey{options_.seed}, weights_, width_, columns_per_block(width_));
    fastrp.run(propagation, [&](int64_t first, MatrixView<const float> values) {
      comm::agree(comm_, [&] {
        for (size_t s = 0; s < files.size(); ++s) {
          const Columns piece{first, rows_of_shard(s, values)};
          files[s].write(std::span(&piece, 1));
        }
      });
    });
    comm::agree(comm_, [&] { describe_files(files, kPositional); });
  }

  void copy_positional() {
    for (size_t s = 0; s < graph_.shards().size(); ++s) {
      const graph::Shard& shard = graph_.shards()[s];
      array::NpyWriter writer(pending_array(shard.folder(), kPositional), DType::kFloat32, {shard.num_owned(), width_});
      writer.append(shard.positional_input().values<float>());
      new_arrays_[s].push_back(writer.finish());
      new_arrays_[s].back().file = kPositional;
    }
  }

  void make_zeros() {
    Files files = create_files(kPositional, DType::kFloat32, {width_});
    describe_files(files, kPositional);
  }

  proto::Encoding describe() const {
    proto::Encoding encoding;
    encoding.set_positional_method(options_.positional == Positional::kFastRp ? "FASTRP"
                                   : options_.positional == Positional::kFile ? "FILE"
                                                                              : "NONE");
    encoding.set_positional_width(static_cast<int32_t>(width_));
    encoding.set_seed(options_.seed);
    encoding.set_token_dtype(std::string(name(options_.token_dtype)));
    encoding.set_config_fingerprint(options_.config_fingerprint);
    return encoding;
  }

  void update_shards() const {
    for (size_t s = 0; s < graph_.shards().size(); ++s) {
      const graph::Shard& shard = graph_.shards()[s];
      update_shard(shard.folder(), shard.manifest(), new_arrays_[s], describe());
    }
  }

  void remove_features() const {
    if (options_.features == EncodeOptions::Features::kKept) return;
    for (const graph::Shard& shard : graph_.shards()) remove_array(shard.folder(), "features.npy");
  }

  const comm::Communicator& comm_;
  const graph::LocalGraph& graph_;
  const EncodeOptions& options_;
  std::vector<double> weights_;
  std::vector<std::vector<array::ArrayFile>> new_arrays_;  // [shards]
  int64_t width_;                                          // G
  int64_t most_rows_;                                      // of any rank: block widths are the same on all
  Tokens tokens_;
};

}  // namespace

EncodeSummary encode_shards(const comm::Communicator& comm, const fs::path& partition_folder,
                            const std::vector<int32_t>& rank_of_part, const EncodeOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const int64_t sent_before = comm.bytes_sent();
  check_options(options);
  const auto lock = comm::lock_folder(comm, partition_folder);
  std::optional<graph::LocalGraph> graph;
  comm::agree(comm, [&] {
    for (size_t part = 0; part < rank_of_part.size(); ++part) {
      if (rank_of_part[part] != comm.rank()) continue;
      recover_shard(graph::part_folder(partition_folder, static_cast<int>(part)));
    }
    graph.emplace(partition_folder, rank_of_part, comm.rank());
  });
  EncodeSummary summary;
  Encoder encoder(comm, *graph, options);
  summary.tokens = encoder.run();
  summary.positional_width = encoder.positional_width();
  summary.bytes_exchanged = comm::sum_over_ranks(comm, comm.bytes_sent() - sent_before);
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return summary;
}

bool are_encoded(const fs::path& partition_folder, uint64_t config_fingerprint) {
  const proto::Partition partition = graph::read_partition_manifest(partition_folder);
  for (int part = 0; part < partition.num_parts(); ++part) {
    proto::Shard shard;
    array::read_text_proto(graph::part_folder(partition_folder, part) / graph::kShardManifest, shard);
    if (!shard.has_encoding() || shard.encoding().config_fingerprint() != config_fingerprint) return false;
  }
  return true;
}

}  // namespace gigahop::encode
