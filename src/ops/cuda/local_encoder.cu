/// The local encoder by chunks of seeds: attention, the product with Wo, then the rest of each token; backward computes
/// a chunk again and adds the gradients of its tokens to those of their nodes, in the order of the entries.
///
/// Chunks are planned from the offsets in host memory. Their ends depend on the batch and the size of the scratch
/// memory, and with them the order in which parameter gradients are added.
#include "ops/local_encoder.h"

#include <algorithm>

#include "base/error.h"
#include "ops/cuda/column_sums.cuh"
#include "ops/cuda/encoder_attention.h"
#include "ops/cuda/encoder_tokens.h"
#include "ops/cuda/grouped_rows.h"
#include "ops/encoder_extents.h"
#include "ops/linear.h"

namespace gigahop::ops {
namespace {

using cuda::EncoderChunk;

/// Enough for the blocks of a chunk to fill a device.
constexpr int64_t kMaxChunkTokens = 16384;

struct Problem {
  const SampleLists<Cuda>& lists;
  const EncoderRows<Cuda>& rows;
  const EncoderParameters<Cuda>& parameters;
  const EncoderOptions& options;

  int64_t width() const { return rows.query.cols; }
};

/// For num_rows rows [W] of floats for each token: half of the scratch memory, so that the other half is left for
/// products and sums.
std::vector<EncoderChunk> plan(const Cuda& dev, const Problem& problem, int64_t num_rows) {
  require(static_cast<int64_t>(problem.lists.host_offsets.size()) == problem.lists.offsets.size &&
              problem.lists.host_offsets.back() == problem.lists.nodes.size,
          "local_encoder: the offsets are in host memory too");
  const int64_t numbers_bytes = problem.options.num_heads * static_cast<int64_t>(sizeof(float));
  const int64_t token_bytes = num_rows * problem.width() * static_cast<int64_t>(sizeof(float)) + numbers_bytes +
                              cuda::EncoderTokens::bytes_of_token();
  return cuda::plan_chunks(problem.lists.host_offsets, std::min(dev.scratch.left() / 2 / token_bytes, kMaxChunkTokens));
}

/// Rows of one chunk.
class ChunkPass {
 public:
  static constexpr int64_t kForwardRows = 2;
  static constexpr int64_t kBackwardRows = 7;

  ChunkPass(Cuda& dev, const Problem& problem, const EncoderChunk& chunk)
      : dev_(dev),
        problem_(problem),
        chunk_(chunk),
        scratch_(dev),
        tokens_(dev, scratch_, problem.lists, chunk, problem.parameters, problem.options),
        log_sums_(scratch_.take<float>(chunk.num_tokens() * problem.options.num_heads)),
        attended_(rows(1)),
        normal_(rows(1)) {}

  void forward(Out<Cuda> out) {
    attend_and_normalise({});
    tokens_.read_out(normal_, out);
  }

  /// write: whether the chunk is the first.
  void backward(In<Cuda> dout, Write write, const EncoderRowGradients<Cuda>& row_gradients,
                const EncoderParameterGradients<Cuda>& gradients) {
    attend_and_normalise(dout);
    tokens_.backward_parameters(normal_, dout, write, gradients.norm_gain, gradients.readout);
    const Out<Cuda> token_gradients = rows(4);
    const Out<Cuda> dattended = rows(1);
    const auto part = [&](int64_t i) { return token_gradients.columns(i * problem_.width(), problem_.width()); };
    tokens_.backward_rows(dout, normal_, part(3));
    const In<Cuda> dprojected = normal_;
    linear_backward_parameters(dev_, dprojected, attended_, write, gradients.out_weight, gradients.out_bias);
    linear_backward_input(dev_, dprojected, problem_.parameters.out_weight, Write::kOverwrite, dattended);
    cuda::attend_backward(dev_, problem_.lists, chunk_, problem_.rows, problem_.options.num_heads, attended_, log_sums_,
                          dattended, {part(0), part(1), part(2)});
    const cuda::GroupedRows by_node =
        cuda::group_rows(dev_, scratch_, {problem_.lists.nodes.data + chunk_.first_entry, chunk_.num_entries},
                         problem_.rows.query.rows / kHops);
    cuda::add_groups(dev_, part(0), by_node, kHops, write, row_gradients.query);
    cuda::add_groups(dev_, part(1), by_node, kHops, write, row_gradients.key);
    cuda::add_groups(dev_, part(2), by_node, kHops, write, row_gradients.value);
    cuda::add_groups(dev_, part(3), by_node, kHops, write, row_gradients.residual);
  }

 private:
  static constexpr int64_t kHops = 3;

  Out<Cuda> rows(int64_t num_rows) {
    const int64_t cols = num_rows * problem_.width();
    return {scratch_.take<float>(chunk_.num_tokens() * cols), chunk_.num_tokens(), cols};
  }

  void attend_and_normalise(In<Cuda> dout) {
    cuda::attend(dev_, problem_.lists, chunk_, problem_.rows, problem_.options.num_heads, attended_, log_sums_);
    linear(dev_, attended_, problem_.parameters.out_weight, problem_.parameters.out_bias, normal_);
    tokens_.normalise(problem_.rows.residual, dout, normal_);
  }

  Cuda& dev_;
  const Problem& problem_;
  const EncoderChunk& chunk_;
  CudaScratch scratch_;
  cuda::EncoderTokens tokens_;
  float* log_sums_;
  Out<Cuda> attended_;
  Out<Cuda> normal_;  // z, then x, then the gradient of z
};

/// Of the gradient of the norm's shift: what a list reads weighs 2 in all.
struct ShiftTerms {
  In<Cuda> dout;
  const int32_t* offsets;
  __device__ void operator()(int64_t r, int64_t c, double* terms) const {
    terms[0] = offsets[r] == offsets[r + 1] ? 0.0 : 2.0 * static_cast<double>(dout.row(r)[c]);
  }
};

}  // namespace

template <>
void local_encoder<Cuda>(Cuda& dev, const SampleLists<Cuda>& lists, const EncoderRows<Cuda>& rows,
                         const EncoderParameters<Cuda>& parameters, const EncoderOptions& options, Out<Cuda> out) {
  require_extents(lists, rows, parameters, options, out);
  const Problem problem = {lists, rows, parameters, options};
  for (const EncoderChunk& chunk : plan(dev, problem, ChunkPass::kForwardRows)) {
    ChunkPass(dev, problem, chunk).forward(out);
  }
}

template <>
void local_encoder_backward<Cuda>(Cuda& dev, const SampleLists<Cuda>& lists, const EncoderRows<Cuda>& rows,
                                  const EncoderParameters<Cuda>& parameters, const EncoderOptions& options,
                                  In<Cuda> dout, const EncoderRowGradients<Cuda>& row_gradients,
                                  const EncoderParameterGradients<Cuda>& parameter_gradients) {
  require_extents(lists, rows, parameters, options, dout);
  require_extents(rows, row_gradients, parameter_gradients);
  const Problem problem = {lists, rows, parameters, options};
  Write write = Write::kOverwrite;
  for (const EncoderChunk& chunk : plan(dev, problem, ChunkPass::kBackwardRows)) {
    ChunkPass(dev, problem, chunk).backward(dout, write, row_gradients, parameter_gradients);
    write = Write::kAdd;
  }
  cuda::sum_columns<1>(dev, dout.rows, dout.cols, ShiftTerms{dout, lists.offsets.data}, Write::kOverwrite,
                       cuda::FloatTargets<1>{{parameter_gradients.norm_shift.data}});
}

}  // namespace gigahop::ops
