/// Writes a dataset folder piece by piece, and refuses every piece that would make it invalid.
///
/// The order of calls: num_nodes as soon as it is known, labels before splits; edges at any time. Everything goes to a
/// pending folder, which gets its name in finish(); a writer that is dropped before leaves nothing behind.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "array/npy.h"
#include "base/files.h"
#include "dataset/edge_spool.h"
#include "dataset/import.h"
#include "proto/dataset.pb.h"

namespace gigahop::dataset {

enum class Split { kTrain = 0, kValid = 1, kTest = 2 };
inline constexpr std::array<Split, 3> kSplits = {Split::kTrain, Split::kValid, Split::kTest};
std::string_view name(Split split);  // "train", "valid", "test"

inline constexpr int64_t kUnknown = -1;
inline constexpr int64_t kMaxClasses = 65535;
inline constexpr int64_t kMaxFeatureWidth = int64_t{1} << 20;
inline constexpr int64_t kMaxNodes = int64_t{1} << 48;

[[noreturn]] void throw_bad_node_id(int64_t id, int64_t num_nodes, const std::string& place);

/// Throws Error{kData} at `place()` unless 0 <= id < num_nodes (kUnknown: below kMaxNodes).
template <class Place>
void check_node_id(int64_t id, int64_t num_nodes, const Place& place) {
  if (id >= 0 && id < (num_nodes == kUnknown ? kMaxNodes : num_nodes)) [[likely]]
    return;
  throw_bad_node_id(id, num_nodes, place());
}

/// Everywhere below, `place` is where the piece comes from (a file, or a file and an array), for messages.
class DatasetWriter {
 public:
  DatasetWriter(const Destination& destination, Direction direction, NanPolicy nan);

  /// Error{kData} if it is not positive, or differs from what an earlier call or the rows so far say.
  void set_num_nodes(int64_t num_nodes, const std::string& place);
  int64_t num_nodes() const { return num_nodes_; }  // kUnknown until set
  int64_t num_edges() const { return num_edges_; }  // so far
  const std::filesystem::path& path() const { return folder_.path(); }

  /// That the dataset goes on from another one, of which every node keeps its id.
  void set_origin(const proto::Dataset& base, uint64_t base_fingerprint);

  /// Edges in pairs: ids must be below num_nodes where known, else they are held to it in finish(). Messages count
  /// edges from 0.
  void append_edges(std::span<const int64_t> sources, std::span<const int64_t> targets, const std::string& place);
  /// Edges in rows, without temporary files: first all sources, then all targets, num_edges of each.
  void begin_edge_rows(int64_t num_edges, const std::string& place);
  void append_edge_rows(std::span<const int64_t> ids);

  /// Rows of features, as they lie in the file: dtype kFloat32, kFloat16. NaN and infinity are refused or become 0 in
  /// place.
  void begin_features(array::DType dtype, int64_t width, const std::string& place);
  void append_features(std::span<std::byte> rows);
  /// Ends the array: its rows are num_nodes, which they set where it was unknown.
  void end_features();

  /// Rows of positional encodings; NaN and infinity are refused whatever the policy for features.
  void begin_positional(int64_t width, const std::string& place);
  void append_positional(std::span<float> rows);
  void end_positional();

  /// Error{kData} for a label outside [-1, kMaxClasses).
  void begin_labels(const std::string& place);
  void append_labels(std::span<const int64_t> labels);
  void end_labels();
  /// Classes in order; without a call, the number of classes is the largest label + 1.
  void set_class_names(std::vector<std::string> names);

  /// Labels first. Error{kData} for an id out of range, without a label, or in a split already.
  void begin_split(Split split, const std::string& place);
  void append_split(std::span<const int64_t> ids);
  void end_split();

  void append_name(std::string_view node_name);

  /// Checks what only the whole can tell, writes the manifest, and gives the folder its name.
  ImportSummary finish();

 private:
  struct Rows {
    std::string place;
    int64_t count = 0;
    int64_t width = 0;
    std::optional<array::NpyWriter> writer;
  };
  void end_rows(Rows& rows, std::string_view what);
  template <class T>
  static void check_finite(std::span<T> values, const Rows& rows, NanPolicy policy, std::string_view hint);
  void check_edge_ids(std::span<const int64_t> ids, int64_t first_edge);
  void record(const array::ArrayFile& file);
  void finish_edges();
  void finish_labels_and_splits();
  void finish_names();

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  PendingFolder folder_;
  NanPolicy nan_;
  proto::Dataset manifest_;
  int64_t num_nodes_ = kUnknown;
  std::string num_nodes_place_;

  std::optional<EdgeSpool> spool_;
  std::optional<array::NpyWriter> edge_rows_;
  std::string edges_place_;
  int64_t num_edges_ = 0;
  int64_t num_edge_ids_ = 0;
  int64_t largest_id_ = -1;
  int64_t largest_id_edge_ = -1;

  Rows features_;
  array::DType feature_dtype_ = array::DType::kFloat32;
  Rows positional_;
  Rows labels_;
  int64_t largest_label_ = -1;
  std::vector<bool> is_labelled_;
  std::optional<Split> open_split_;
  std::array<Rows, 3> splits_;
  std::array<std::vector<bool>, 3> is_in_split_;
  std::optional<OutputFile> names_;
  std::string names_buffer_;
  int64_t num_names_ = 0;
};

}  // namespace gigahop::dataset
