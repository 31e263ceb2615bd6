/// The LargeGT-style graph transformer: local attention over a sampled two-hop neighbourhood, global attention over a
/// codebook of the whole graph (Dwivedi et al. 2023; Kong et al. 2023). The exact equations are in src/model/README.md.
///
/// Letters: B seeds of this rank, B_all of all ranks, U distinct nodes, S sample entries, F features, H hidden width,
/// A heads, G positional width, M codewords, C classes.
///
/// A template on its device: LargeGt<Cpu> computes in float; LargeGt<Reference> is the same model in double, for tests.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "comm/communicator.h"
#include "model/model_input.h"
#include "model/model_shape.h"
#include "model/parameters.h"
#include "ops/cross_entropy.h"
#include "tensor/matrix.h"

namespace gigahop::model {

/// State that is neither trained by gradients nor recomputed: named arrays for checkpoints ("head.norm1.running_mean",
/// "codebook.codewords", "codebook.sums", "codebook.sizes", "codebook.histogram", ...), in a fixed order. Writing
/// through `values` sets the state.
template <class Device>
struct StateArray {
  std::string name;
  std::vector<int64_t> shape;
  VectorView<Real<Device>, Device> values;
};

template <class Device>
class LargeGt {
 public:
  /// Collective over `comm` in train-mode forward, backward and collect_codebook (batch norm and codebook statistics).
  /// device and comm outlive the model. Errors: Error{kInternal} for a shape that is none.
  LargeGt(Device& device, const ModelShape& shape, RandomKey key, const comm::Communicator& comm);
  ~LargeGt();

  const ModelShape& shape() const;
  Parameters<Device>& parameters();
  std::vector<StateArray<Device>> state();
  Device& device();

  /// Logits [B, C], valid until the next forward. B may be 0 on some ranks. step keys the dropout masks. What `input`
  /// views stays in place until backward has run.
  MatrixView<const Real<Device>, Device> forward(const ModelInput<Device>& input, Mode mode, int64_t step);

  /// The rows before the last layer, [B, H], of the last forward; valid until the next.
  MatrixView<const Real<Device>, Device> embeddings() const;

  /// Gradients of a loss whose gradient by the logits is `logits_gradient` [B, C]: those of this rank's seeds, written
  /// (not added) into parameters().gradients(); the caller sums them over ranks. Follows a train-mode forward.
  /// on_final is called with each piece of the gradients once backward will not touch it any more; the pieces tile
  /// them, and come in the same order on all ranks. on_quiet is called once, when backward has no collective of its own
  /// left: what else the ranks have to sum delays nothing from then on.
  using OnFinal = std::function<void(VectorView<Real<Device>, Device>)>;
  using OnQuiet = std::function<void()>;
  void backward(MatrixView<const Real<Device>, Device> logits_gradient, const OnFinal& on_final = {},
                const OnQuiet& on_quiet = {});

  /// Mean cross-entropy over the `num_seeds_all` seeds of all ranks: this rank's share as result [1], and the gradient
  /// of the mean by the logits. Labels [B].
  void loss(MatrixView<const Real<Device>, Device> logits, VectorView<const int32_t, Device> labels,
            int64_t num_seeds_all, MatrixView<Real<Device>, Device> logits_gradient,
            VectorOf<Device, ops::CrossEntropy> result);

  /// The first half of the codebook's step after a train-mode forward: assigns the batch's seeds. codes [B]: the old
  /// assignment of each. Returns what the caller sums over ranks, by move_codebook; a backward may come in between.
  /// Nothing without a codebook, nor in a step without seeds, which does not move it.
  VectorView<Real<Device>, Device> collect_codebook(VectorView<const int32_t, Device> codes);
  /// The second half: moves codewords and histogram. Returns the new assignments [B], until the next collect_codebook.
  /// Only where has_codebook().
  VectorView<const int32_t, Device> move_codebook();

  /// Sets the histogram n [M] of assignments (over all ranks' nodes) after loading or initialising them; until then it
  /// is zero and global attention sees nothing. Does nothing without global attention.
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
