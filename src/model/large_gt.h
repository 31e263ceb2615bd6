/// The LargeGT-style graph transformer: local attention over a sampled two-hop neighbourhood, global attention over a
/// codebook of the whole graph (Dwivedi et al. 2023; Kong et al. 2023). The exact equations are in src/model/README.md.
///
/// Letters: B seeds of this rank, B_all of all ranks, U distinct nodes, S sample entries, F features, H hidden width,
/// A heads, G positional width, M codewords, C classes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "comm/communicator.h"
#include "model/parameters.h"
#include "tensor/matrix.h"

namespace gigahop::model {

enum class Attention { kFull, kLocal, kGlobal, kNone };

struct ModelShape {
  Attention attention = Attention::kFull;
  int64_t feature_width = 0;     // F
  int64_t hidden_width = 128;    // H
  int64_t num_heads = 2;         // A
  int64_t positional_width = 64; // G
  int64_t num_codewords = 4096;  // M
  int64_t num_classes = 0;       // C
  double dropout_feed_forward = 0.5;
  double dropout_encoder = 0.3;
};

/// One rank's batch as the model sees it (sampler::MiniBatch describes the ragged lists).
template <class Device>
struct ModelInput {
  VectorView<const OriginalId, Device> seed_ids;       // [B]
  MatrixView<const float, Device> positional;          // [B, G]
  VectorView<const int32_t, Device> sample_offsets;    // [B + 1]
  VectorView<const int32_t, Device> sample_nodes;      // [S]
  VectorView<const int32_t, Device> sample_counts;     // [S]
  VectorView<const OriginalId, Device> node_ids;       // [U]
  MatrixView<const float, Device> tokens;              // [3 U, F]
};

/// Training draws dropout masks of this step and uses batch statistics; evaluation does neither.
enum class Mode { kTrain, kEvaluate };

/// State that is neither trained by gradients nor recomputed: named float arrays for checkpoints ("head.norm1.running_mean",
/// "codebook.codewords", "codebook.sums", "codebook.sizes", "codebook.histogram", ...), in a fixed order.
struct StateArray {
  std::string name;
  std::vector<int64_t> shape;
  std::span<float> values;
};

template <class Device>
class LargeGt {
 public:
  /// Collective over `comm` in train-mode forward, backward and update_codebook (batch norm and codebook statistics).
  LargeGt(Device& device, const ModelShape& shape, RandomKey key, const comm::Communicator& comm);
  ~LargeGt();

  Parameters<Device>& parameters();
  std::vector<StateArray> state();

  /// Logits [B, C], valid until the next forward. B may be 0 on some ranks. step keys the dropout masks.
  MatrixView<const float, Device> forward(const ModelInput<Device>& input, Mode mode, int64_t step);

  /// Gradients of a loss whose gradient by the logits is `logits_gradient` [B, C]: those of this rank's seeds, written
  /// (not added) into parameters().gradients(); the caller sums them over ranks. Follows a train-mode forward.
  void backward(MatrixView<const float, Device> logits_gradient);

  /// Mean cross-entropy over the `num_seeds_all` seeds of all ranks: this rank's sum of losses and its number of correct
  /// predictions; writes the gradient of the mean by the logits. Labels [B] >= 0.
  struct Loss {
    double loss_sum = 0;
    int64_t num_correct = 0;
  };
  Loss loss(MatrixView<const float, Device> logits, VectorView<const int32_t, Device> labels, int64_t num_seeds_all,
            MatrixView<float, Device> logits_gradient);

  /// The codebook's step after a train-mode forward: moves codewords, assigns the batch's seeds. codes [B]: in the old
  /// assignment of each seed, out the new. The histogram follows over all ranks. Does nothing without global attention.
  void update_codebook(std::span<uint16_t> codes);

  /// Sets the histogram n [M] of assignments (over all ranks' nodes) after loading or initialising them.
  void set_histogram(std::span<const int64_t> counts);

  bool has_codebook() const;

  /// Seconds spent in matrix products since the model was made.
  double product_seconds() const;

 private:
  struct Layers;
  std::unique_ptr<Layers> layers_;
};

/// The code a node starts with: uniform over M, by (key, original id). Pure.
uint16_t initial_code(RandomKey key, OriginalId node, int64_t num_codewords);

}  // namespace gigahop::model
