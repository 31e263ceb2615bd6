#include "encode/encode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "array/manifest.h"
#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "comm/collectives.h"
#include "encode/fastrp.h"
#include "encode/shard_update.h"
#include "graph/local_graph.h"
#include "support/tiny_graphs.h"

namespace gigahop::encode {
namespace {

namespace fs = std::filesystem;
using array::DType;
using Positional = EncodeOptions::Positional;
using Features = EncodeOptions::Features;
using Tokens = EncodeSummary::Tokens;

const comm::Communicator& world() {
  static const comm::Communicator communicator = comm::Communicator::world();
  return communicator;
}

fs::path test_folder(const std::string& name) {
  return fs::path(testing::TempDir()) / ("encode_test_on_" + std::to_string(world().size())) / name;
}

/// Written by rank 0.
fs::path write_shards(const std::string& name, const tests::PartitionInput& input) {
  const fs::path folder = test_folder(name);
  if (world().rank() == 0) {
    make_folders(folder.parent_path());
    tests::write_partition_folder(folder, input);
  }
  comm::barrier(world());
  return folder;
}

tests::PartitionInput sample_input(int num_parts) {
  return tests::tiny_input(tests::power_law(70, 3, 11), num_parts, 7);
}

std::vector<int32_t> round_robin(int num_parts) {
  std::vector<int32_t> ranks;
  for (int part = 0; part < num_parts; ++part) ranks.push_back(part % world().size());
  return ranks;
}

EncodeSummary encode_on_all(const fs::path& folder, int num_parts, const EncodeOptions& options) {
  return encode_shards(world(), folder, round_robin(num_parts), options);
}

EncodeSummary encode_alone(const fs::path& folder, int num_parts, const EncodeOptions& options) {
  const comm::Communicator self = comm::Communicator::self();
  return encode_shards(self, folder, std::vector<int32_t>(static_cast<size_t>(num_parts), 0), options);
}

std::string file_text(const fs::path& folder, int part, const char* file) {
  return read_text_file(graph::part_folder(folder, part) / file);
}

void expect_same_encodings(const fs::path& a, const fs::path& b, int num_parts) {
  for (int part = 0; part < num_parts; ++part) {
    for (const char* file : {"tokens.npy", "positional.npy", "shard.textproto"}) {
      EXPECT_EQ(file_text(a, part, file), file_text(b, part, file)) << file << " of part " << part;
    }
  }
}

std::vector<float> as_floats(const array::NpyArray& array) {
  std::vector<float> floats;
  const auto convert = [&](const auto& values) {
    for (const auto value : values) floats.push_back(to_float(value));
  };
  if (array.dtype() == DType::kFloat32) {
    floats.assign(array.values<float>().begin(), array.values<float>().end());
  } else if (array.dtype() == DType::kFloat16) {
    convert(array.values<Float16>());
  } else {
    convert(array.values<BFloat16>());
  }
  return floats;
}

/// Rows by original id, from all shards.
std::map<int64_t, std::vector<float>> rows_of(const fs::path& folder, const char* file) {
  const proto::Partition partition = graph::read_partition_manifest(folder);
  std::map<int64_t, std::vector<float>> rows;
  for (int part = 0; part < partition.num_parts(); ++part) {
    const graph::Shard shard(folder, partition, part, array::Verify::kChecksum);
    const array::NpyArray& array = std::string(file) == "tokens.npy" ? shard.tokens() : shard.positional();
    const std::vector<float> values = as_floats(array);
    for (int64_t row = 0; row < shard.num_owned(); ++row) {
      const auto begin = values.begin() + row * array.row_elements();
      rows[shard.original_ids()[row].value].assign(begin, begin + array.row_elements());
    }
  }
  return rows;
}

using Dense = std::vector<double>;  // [N, w]

Dense multiply(const Dense& matrix, const Dense& x, size_t n) {
  const size_t width = x.size() / n;
  Dense product(n * width, 0.0);
  for (size_t v = 0; v < n; ++v) {
    for (size_t u = 0; u < n; ++u) {
      for (size_t c = 0; c < width; ++c) product[v * width + c] += matrix[v * n + u] * x[u * width + c];
    }
  }
  return product;
}

void expect_tokens(const fs::path& folder, const tests::PartitionInput& input, double tolerance) {
  const auto n = static_cast<size_t>(input.graph.num_nodes);
  const auto width = static_cast<size_t>(input.feature_width);
  const Dense matrix = tests::dense_normalised_adjacency(input.graph, input.direction);
  const auto rows = rows_of(folder, "tokens.npy");
  EXPECT_EQ(rows.size(), n);
  Dense hop(input.features.begin(), input.features.end());
  for (size_t h = 0; h < 3; ++h) {
    for (const auto& [node, row] : rows) {
      for (size_t c = 0; c < width; ++c) {
        const double expected = hop[static_cast<size_t>(node) * width + c];
        EXPECT_NEAR(row[h * width + c], expected, tolerance * (1 + std::abs(expected)));
      }
    }
    hop = multiply(matrix, hop, n);
  }
}

void expect_fastrp(const fs::path& folder, const tests::PartitionInput& input, const EncodeOptions& options,
                   const std::vector<double>& weights) {
  const auto n = static_cast<size_t>(input.graph.num_nodes);
  const auto width = static_cast<size_t>(options.positional_width);
  const Dense matrix = tests::dense_normalised_adjacency(input.graph, input.direction);
  Dense power(n * width);
  for (size_t v = 0; v < n; ++v) {
    for (size_t c = 0; c < width; ++c) {
      power[v * width + c] = projection_entry({options.seed}, OriginalId(static_cast<int64_t>(v)),
                                              static_cast<int64_t>(c), input.graph.num_nodes);
    }
  }
  Dense expected(n * width, 0.0);
  for (const double weight : weights) {
    power = multiply(matrix, power, n);
    for (size_t v = 0; v < n; ++v) {
      double norm = 0;
      for (size_t c = 0; c < width; ++c) norm += power[v * width + c] * power[v * width + c];
      for (size_t c = 0; c < width && norm > 0; ++c) {
        expected[v * width + c] += weight * power[v * width + c] / std::sqrt(norm);
      }
    }
  }
  for (const auto& [node, row] : rows_of(folder, "positional.npy")) {
    for (size_t c = 0; c < width; ++c) EXPECT_NEAR(row[c], expected[static_cast<size_t>(node) * width + c], 3e-6);
  }
}

TEST(Encode, agrees_with_dense_algebra_on_small_graphs) {
  for (const tests::EdgeList& graph : {tests::path(9), tests::star(12), tests::complete(7),
                                       tests::two_triangles_and_isolated(), tests::power_law(50, 3, 2)}) {
    const tests::PartitionInput input = tests::tiny_input(graph, 4, 3);
    const fs::path folder = write_shards("dense", input);
    const EncodeOptions options{.positional_width = 5, .fastrp_weights = {0.5, 0, 2}, .seed = 9};
    EXPECT_EQ(encode_on_all(folder, 4, options).tokens, Tokens::kWritten);
    expect_tokens(folder, input, 3e-6);
    expect_fastrp(folder, input, options, {0.5, 0, 2});
    comm::barrier(world());
  }
}

TEST(Encode, follows_edges_in_their_direction_in_a_directed_graph) {
  tests::PartitionInput input = sample_input(5);
  input.direction = tests::Direction::kDirected;
  const fs::path folder = write_shards("directed", input);
  const EncodeOptions options{.positional_width = 4};
  encode_on_all(folder, 5, options);
  expect_tokens(folder, input, 3e-6);
  expect_fastrp(folder, input, options, {0, 1, 1, 1});
}

TEST(Encode, does_not_depend_on_ranks_or_width_of_blocks) {
  const tests::PartitionInput input = sample_input(5);
  for (const DType dtype : {DType::kFloat32, DType::kBFloat16, DType::kFloat16}) {
    EncodeOptions options{.positional_width = 21, .token_dtype = dtype, .seed = 4, .config_fingerprint = 12};
    const fs::path together = write_shards("together", input);
    const fs::path in_blocks = write_shards("in_blocks", input);
    const fs::path alone = write_shards("alone", input);
    const EncodeSummary summary = encode_on_all(together, 5, options);
    EXPECT_EQ(summary.bytes_exchanged > 0, world().size() > 1);
    if (world().rank() == 0) encode_alone(alone, 5, options);
    options.block_bytes = 1;
    encode_on_all(in_blocks, 5, options);
    comm::barrier(world());
    expect_same_encodings(together, alone, 5);
    expect_same_encodings(together, in_blocks, 5);
    EXPECT_TRUE(are_encoded(together, 12));
    EXPECT_FALSE(are_encoded(together, 13));
    comm::barrier(world());
  }
}

TEST(Encode, agrees_to_rounding_for_other_partitions) {
  const fs::path few = write_shards("few_parts", sample_input(4));
  const fs::path many = write_shards("many_parts", sample_input(9));
  const EncodeOptions options{.positional_width = 6};
  encode_on_all(few, 4, options);
  encode_on_all(many, 9, options);
  for (const char* file : {"tokens.npy", "positional.npy"}) {
    const auto a = rows_of(few, file);
    for (const auto& [node, row] : rows_of(many, file)) {
      for (size_t c = 0; c < row.size(); ++c) EXPECT_NEAR(row[c], a.at(node)[c], 1e-6);
    }
  }
}

TEST(Encode, rounds_tokens_once_to_the_wanted_dtype) {
  const tests::PartitionInput input = sample_input(4);
  const fs::path folder = write_shards("half", input);
  encode_on_all(folder, 4, {.positional = Positional::kNone, .token_dtype = DType::kBFloat16});
  expect_tokens(folder, input, 1.0 / 256);
  const fs::path half = write_shards("float16", input);
  encode_on_all(half, 4, {.positional = Positional::kNone, .token_dtype = DType::kFloat16});
  expect_tokens(half, input, 1.0 / 2048);
}

TEST(Encode, takes_positional_encodings_from_the_dataset_or_zeros) {
  const tests::PartitionInput input = sample_input(4);
  const fs::path folder = write_shards("file", input);
  encode_on_all(folder, 4, {.positional = Positional::kFile, .features = Features::kKept});
  for (const auto& [node, row] : rows_of(folder, "positional.npy")) {
    EXPECT_EQ(row, std::vector<float>(input.positional.begin() + 2 * node, input.positional.begin() + 2 * node + 2));
  }
  comm::barrier(world());
  encode_on_all(folder, 4, {.positional = Positional::kNone, .positional_width = 3, .features = Features::kKept});
  for (const auto& [node, row] : rows_of(folder, "positional.npy")) EXPECT_EQ(row, std::vector<float>(3, 0.0F));
  EXPECT_TRUE(fs::exists(graph::part_folder(folder, 0) / "features.npy"));
}

TEST(Encode, can_be_repeated_after_the_features_are_gone) {
  const tests::PartitionInput input = sample_input(5);
  const fs::path folder = write_shards("again", input);
  encode_on_all(folder, 5, {.positional_width = 8});
  EXPECT_FALSE(fs::exists(graph::part_folder(folder, 1) / "features.npy"));
  const std::string tokens = file_text(folder, 1, "tokens.npy");
  comm::barrier(world());

  const EncodeOptions wider{.positional_width = 12, .fastrp_weights = {1}, .seed = 5};
  EXPECT_EQ(encode_on_all(folder, 5, wider).tokens, Tokens::kKept);
  EXPECT_EQ(file_text(folder, 1, "tokens.npy"), tokens);
  expect_fastrp(folder, input, wider, {1});
  comm::barrier(world());

  const EncodeOptions narrower{.positional = Positional::kNone, .token_dtype = DType::kBFloat16};
  EXPECT_EQ(encode_on_all(folder, 5, narrower).tokens, Tokens::kWritten);
  expect_tokens(folder, input, 1.0 / 256);
}

/// What a crash leaves after each step of update_shard, and before it.
enum class Moment { kArraysPending, kNextManifest, kBareManifest, kOneRenamed, kAllRenamed };

void leave_interrupted(const fs::path& folder, Moment moment, const fs::path& finished) {
  fs::copy_file(finished / "tokens.npy", pending_array(folder, "tokens.npy"));
  fs::copy_file(finished / "positional.npy", pending_array(folder, "positional.npy"));
  if (moment == Moment::kArraysPending) return;
  proto::Shard next;
  array::read_text_proto(finished / graph::kShardManifest, next);
  fs::copy_file(finished / graph::kShardManifest, folder / "shard.textproto.next");
  if (moment == Moment::kNextManifest) return;
  next.clear_encoding();
  auto& arrays = *next.mutable_arrays();
  arrays.erase(std::remove_if(arrays.begin(), arrays.end(),
                              [](const auto& r) { return r.file() == "tokens.npy" || r.file() == "positional.npy"; }),
               arrays.end());
  array::write_text_proto(folder / graph::kShardManifest, next);
  if (moment == Moment::kBareManifest) return;
  fs::rename(pending_array(folder, "tokens.npy"), folder / "tokens.npy");
  if (moment == Moment::kOneRenamed) return;
  fs::rename(pending_array(folder, "positional.npy"), folder / "positional.npy");
}

TEST(Encode, goes_on_after_a_crash_at_any_moment) {
  const tests::PartitionInput input = sample_input(4);
  const EncodeOptions options{.positional_width = 7, .features = Features::kKept, .seed = 3};
  const EncodeOptions replaced{.positional_width = 7, .seed = 3};
  const fs::path finished = write_shards("finished", input);
  const fs::path expected = write_shards("expected", input);
  encode_on_all(finished, 4, options);
  encode_on_all(expected, 4, replaced);
  for (const Moment moment : {Moment::kArraysPending, Moment::kNextManifest, Moment::kBareManifest, Moment::kOneRenamed,
                              Moment::kAllRenamed}) {
    const fs::path folder = write_shards("crashed", input);
    if (world().rank() == 0) {
      leave_interrupted(graph::part_folder(folder, 0), moment, graph::part_folder(finished, 0));
      leave_interrupted(graph::part_folder(folder, 2), Moment::kArraysPending, graph::part_folder(finished, 2));
    }
    comm::barrier(world());
    encode_on_all(folder, 4, replaced);
    expect_same_encodings(folder, expected, 4);
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      EXPECT_NE(entry.path().extension(), ".partial");
      EXPECT_NE(entry.path().extension(), ".next");
      EXPECT_NE(entry.path().filename(), "features.npy");
    }
    comm::barrier(world());
  }
}

TEST(Encode, asks_for_features_and_sensible_options) {
  tests::PartitionInput input = sample_input(4);
  input.feature_width = 0;
  input.positional_width = 0;
  const fs::path folder = write_shards("bare", input);
  EXPECT_THROW(encode_on_all(folder, 4, {}), Error);
  EXPECT_THROW(encode_on_all(folder, 4, {.fastrp_weights = {0, 0}}), Error);
  EXPECT_THROW(encode_on_all(folder, 4, {.token_dtype = DType::kInt32}), Error);
  input = sample_input(4);
  input.positional_width = 0;
  const fs::path no_file = write_shards("no_file", input);
  EXPECT_THROW(encode_on_all(no_file, 4, {.positional = Positional::kFile}), Error);
  EXPECT_FALSE(fs::exists(graph::part_folder(no_file, 0) / "tokens.npy"));
}

TEST(Encode, all_ranks_learn_of_a_shard_that_one_cannot_read) {
  const fs::path folder = write_shards("damaged", sample_input(4));
  const fs::path file = graph::part_folder(folder, 3) / "features.npy";
  if (world().rank() == 0) fs::resize_file(file, fs::file_size(file) - 4);
  comm::barrier(world());
  try {
    encode_on_all(folder, 4, {});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kData);
    EXPECT_NE(std::string(error.what()).find("part-0003/features.npy"), std::string::npos) << error.what();
  }
}

TEST(FastRpProjection, is_very_sparse_balanced_and_a_function_of_seed_node_and_column) {
  constexpr int64_t kNodes = 10000;  // s = sqrt(N) = 100
  int64_t positive = 0;
  int64_t negative = 0;
  for (int64_t node = 0; node < kNodes; ++node) {
    for (int64_t column = 0; column < 64; ++column) {
      const float entry = projection_entry({5}, OriginalId(node), column, kNodes);
      positive += entry > 0 ? 1 : 0;
      negative += entry < 0 ? 1 : 0;
    }
  }
  // 640,000 draws with probability 1/200 each: 3,200 expected, standard deviation 56.
  EXPECT_NEAR(static_cast<double>(positive), 3200.0, 5 * 56.0);
  EXPECT_NEAR(static_cast<double>(negative), 3200.0, 5 * 56.0);
}

TEST(Forecast, grows_with_a_ranks_share_and_shrinks_with_ranks) {
  const proto::Partition partition = graph::read_partition_manifest(write_shards("forecast", sample_input(4)));
  const EncodeOptions options{.positional_width = 8, .token_dtype = DType::kBFloat16};
  const EncodeForecast one = forecast_encode(partition, std::vector<int32_t>(4, 0), 1, options);
  EXPECT_EQ(one.memory_bytes.size(), 1U);
  EXPECT_EQ(one.disk_bytes, 70 * (3 * 3 * 2 + 8 * 4));
  EncodeOptions narrow = options;
  narrow.block_bytes = 1;
  EXPECT_LT(forecast_encode(partition, std::vector<int32_t>(4, 0), 1, narrow).memory_bytes[0], one.memory_bytes[0]);
  const EncodeForecast two = forecast_encode(partition, std::vector<int32_t>{0, 1, 0, 1}, 2, options);
  EXPECT_EQ(two.memory_bytes.size(), 2U);
}

}  // namespace
}  // namespace gigahop::encode
