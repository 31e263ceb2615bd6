/// What never changes during training, computed once: hop features and positional encodings, beside each shard.
///
///   tokens.npy      [owned, 3, F]  x, Âx, Â²x with Â = D^-1/2 (A + I) D^-1/2 on the graph that is trained on
///   positional.npy  [owned, G]     float32: FASTRP, FILE or NONE
///
/// D holds the row sums of A + I as the shards store the rows. In a directed graph a row lists the nodes an edge of v
/// points to, so (Âx)_v = sum over u in {v} and out-neighbours of x_u / sqrt((d_v + 1)(d_u + 1)), d = out-degree.
///
/// FASTRP (Chen, Sultan, Tian, Chen, Skiena: "Fast and Accurate Network Embeddings via Very Sparse Random Projection",
/// CIKM 2019): U_0 [N, G] is +1 or -1 with probability 1 / (2 sqrt N) each and 0 otherwise, drawn by original id (N: of
/// the first of the datasets that a grown one goes back to, so that its nodes keep their rows); U_k = Â U_{k-1}; the
/// encoding is sum_k weight_k U_k / |U_k| with |.| the L2 norm of the row (a zero row stays zero). With rows normalised
/// this is the paper's degree-normalised transition matrix with beta = -1/2. Not normalised again.
///
/// Sums run over the neighbours in shard order in double precision, so for one partition the files are the same bit for
/// bit on any number of ranks; other partitions agree to rounding.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "array/dtype.h"
#include "comm/communicator.h"
#include "proto/partition.pb.h"

namespace gigahop::encode {

struct EncodeOptions {
  enum class Positional { kFastRp, kFile, kNone };
  enum class Features { kReplaced, kKept };

  Positional positional = Positional::kFastRp;
  /// G; FILE takes that of positional_input.npy.
  int64_t positional_width = 64;
  /// FASTRP: weight of U_1, U_2, ...; empty: 0, 1, 1, 1.
  std::vector<double> fastrp_weights = {};
  /// kFloat32, kFloat16 or kBFloat16.
  array::DType token_dtype = array::DType::kFloat32;
  /// kReplaced removes features.npy once all ranks have their tokens; hop 0 of the tokens then stands for x.
  Features features = Features::kReplaced;
  uint64_t seed = 1;
  /// Recorded in each shard.textproto.
  uint64_t config_fingerprint = 0;
  /// Columns are worked on so many at a time that a rank's blocks of them stay below this, or one by one.
  int64_t block_bytes = int64_t{1} << 30;
};

struct EncodeSummary {
  enum class Tokens { kWritten, kKept };
  double seconds = 0;
  int64_t bytes_exchanged = 0;  // sent, over all ranks
  Tokens tokens = Tokens::kWritten;
  int64_t positional_width = 0;  // G
};

/// Encodes all shards; rank_of_part [P] says who owns which.
///
/// A shard is replaced in steps of which each leaves it encoded as before, encoded anew, or refused by readers with
/// "run gigahop encode"; after a crash at any moment this function can be called again with any options. features.npy
/// goes last. Where it is gone, x is hop 0 of tokens.npy; where all shards hold tokens of the wanted dtype already,
/// those are kept and only the positional encodings are made. Where x comes from half-precision tokens and others are
/// wanted, a warning says that what they lost stays lost.
///
/// Collective. Errors: Error{kData} on all ranks, also where another process encodes the same shards; Error{kConfig}
/// for options that make no sense. Cost: one pass over the edges per hop and block of columns (twice per power for
/// FASTRP in several blocks); halo rows travel once per pass.
EncodeSummary encode_shards(const comm::Communicator& comm, const std::filesystem::path& partition_folder,
                            const std::vector<int32_t>& rank_of_part, const EncodeOptions& options);

struct EncodeForecast {
  std::vector<int64_t> memory_bytes;  // [R]
  int64_t disk_bytes = 0;             // of all tokens.npy and positional.npy
};

/// What encode_shards will need, at most. Pure.
EncodeForecast forecast_encode(const proto::Partition& partition, std::span<const int32_t> rank_of_part, int num_ranks,
                               const EncodeOptions& options);

/// True if every shard carries an encoding made with these settings. Error{kData} for unreadable manifests.
bool are_encoded(const std::filesystem::path& partition_folder, uint64_t config_fingerprint);

}  // namespace gigahop::encode
