/// The local encoder over all seeds of a batch: who works on which seed, and where gradients meet.
///
/// Seeds are independent in the forward pass; threads take runs of them. The backward pass takes a block of groups of
/// seeds at a time, as many as keep the threads busy: what it writes should still be in cache when it is read. First,
/// threads take groups, a run or some seeds that are a run each: token gradients go to rows of the block, parameter
/// gradients to sums of the group. Then threads take distinct nodes: each adds the block's rows of its node in the
/// order of the entries. Then the groups' sums are added in order. Groups and runs depend on the batch alone, and the
/// order of additions does not depend on where blocks end, so no thread count changes a bit.
#include "ops/local_encoder.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "ops/cpu/encoder_rows.h"
#include "ops/cpu/encoder_run.h"
#include "ops/cpu/parallel.h"
#include "ops/cpu/timed.h"
#include "ops/encoder_extents.h"
#include "ops/scratch.h"

namespace gigahop::ops {
namespace {

using cpu::EncoderProblem;
using cpu::EncoderRun;
using cpu::ParameterSums;

constexpr int64_t kMaxBlockBytes = int64_t{128} << 20;  // of gradients of token rows
constexpr int64_t kBlockGroupsPerThread = 4;
constexpr int64_t kMinGroupSeeds = 2;

/// Of the thread that works on a run, and of the one that was called.
thread_local cpu::EncoderMemory run_memory;
thread_local Buffer<float> token_gradients;  // [3 entries of the block, 4 W]
thread_local Matrix<float> group_sums;       // [groups, W (W + 4)]

/// run(EncoderRun&, first, last) for the consecutive pieces of seeds that start at firsts[i] and end at firsts[i + 1],
/// each thread with memory of its own.
template <class Run>
void for_each_piece(Cpu& dev, const EncoderProblem& problem, const std::vector<int64_t>& firsts, const Run& run) {
  const auto count = static_cast<int64_t>(firsts.size()) - 1;
  const int num_threads = static_cast<int>(std::clamp<int64_t>(count, 1, dev.num_threads));
  double seconds = 0;
#pragma omp parallel num_threads(num_threads) reduction(+ : seconds)
  {
    EncoderRun memory(problem, run_memory);
#pragma omp for schedule(dynamic)
    for (int64_t i = 0; i < count; ++i) run(memory, firsts[i], firsts[i + 1]);
    seconds += memory.product_seconds();
  }
  dev.product_seconds += seconds / num_threads;
}

void check(const SampleLists<Cpu>& lists, const EncoderRows<Cpu>& rows, const EncoderParameters<Cpu>& parameters,
           const EncoderOptions& options, In<Cpu> result) {
  require_extents(lists, rows, parameters, options, result);
  require(lists.offsets[lists.seed_ids.size] == lists.nodes.size, "local_encoder: the lists end with the nodes");
}

/// What all runs of a call read, made once.
class SharedOperands {
 public:
  SharedOperands(const Cpu& dev, const EncoderParameters<Cpu>& parameters)
      : format_(cpu::unit_format(dev)), readout_gain_(parameters.readout.size) {
    cpu::multiply(parameters.readout.data, parameters.norm_gain.data, readout_gain_.data(), readout_gain_.size());
    const In<Cpu> weight = parameters.out_weight;
    const cpu::FloatRows rows = {weight.data, weight.rows, weight.cols, weight.stride};
    out_weight_ = cpu::pack_right(format_, rows, memory_);
    out_weight_transposed_ = cpu::pack_right_transposed(format_, rows, transposed_memory_);
  }

  EncoderProblem problem(const SampleLists<Cpu>& lists, const EncoderRows<Cpu>& rows,
                         const EncoderParameters<Cpu>& parameters, const EncoderOptions& options) const {
    return {lists, rows, parameters, options, format_, readout_gain_.data(), out_weight_, out_weight_transposed_};
  }

 private:
  cpu::UnitFormat format_;
  Buffer<float> readout_gain_;
  Buffer<uint32_t> memory_;
  Buffer<uint32_t> transposed_memory_;
  cpu::RightUnits out_weight_;
  cpu::RightUnits out_weight_transposed_;
};

std::vector<int64_t> plan_runs(const EncoderProblem& problem, int64_t num_seeds) {
  std::vector<int64_t> firsts = {0};
  while (firsts.back() < num_seeds) firsts.push_back(problem.end_of_run(firsts.back(), num_seeds));
  return firsts;
}

/// Groups of seeds: runs, the short ones joined, because each group has a [W, W] of its own.
std::vector<int64_t> plan_groups(const EncoderProblem& problem, int64_t num_seeds) {
  std::vector<int64_t> firsts = {0};
  while (firsts.back() < num_seeds) {
    const int64_t least = std::min(firsts.back() + kMinGroupSeeds, num_seeds);
    firsts.push_back(std::max(problem.end_of_run(firsts.back(), num_seeds), least));
  }
  return firsts;
}

/// The block that begins with group `first` ends before group `end`.
int64_t end_of_block(const Cpu& dev, const EncoderProblem& problem, const std::vector<int64_t>& groups, int64_t first) {
  const int64_t max_tokens = kMaxBlockBytes / (4 * problem.width() * static_cast<int64_t>(sizeof(float)));
  const auto num_groups = static_cast<int64_t>(groups.size()) - 1;
  const int64_t last = std::min(first + kBlockGroupsPerThread * dev.num_threads, num_groups);
  int64_t end = first + 1;
  while (end < last && problem.num_tokens(groups[first], groups[end + 1]) <= max_tokens) ++end;
  return end;
}

/// The entries of a block by node, those of a node in order: run i is entries[run_offsets[i] .. run_offsets[i + 1]).
struct EntriesByNode {
  std::vector<int32_t> entries;
  std::vector<int32_t> run_offsets;
};

EntriesByNode group_by_node(const SampleLists<Cpu>& lists, int64_t first, int64_t last) {
  EntriesByNode result;
  result.entries.resize(last - first);
  std::iota(result.entries.begin(), result.entries.end(), static_cast<int32_t>(first));
  std::sort(result.entries.begin(), result.entries.end(), [&](int32_t a, int32_t b) {
    return lists.nodes[a] != lists.nodes[b] ? lists.nodes[a] < lists.nodes[b] : a < b;
  });
  for (int64_t i = 0; i < last - first; ++i) {
    if (i == 0 || lists.nodes[result.entries[i]] != lists.nodes[result.entries[i - 1]]) {
      result.run_offsets.push_back(static_cast<int32_t>(i));
    }
  }
  result.run_offsets.push_back(static_cast<int32_t>(last - first));
  return result;
}

/// One block of seeds on its way back.
class BlockBackward {
 public:
  BlockBackward(Cpu& dev, const EncoderProblem& problem, const EncoderRowGradients<Cpu>& row_gradients,
                const EncoderParameterGradients<Cpu>& parameter_gradients)
      : dev_(dev), problem_(problem), row_gradients_(row_gradients), parameter_gradients_(parameter_gradients) {}

  /// firsts: of the groups of the block, and the end of the last.
  void run(const std::vector<int64_t>& firsts, In<Cpu> dout) {
    const int64_t first_entry = problem_.lists.offsets[firsts.front()];
    token_gradients_.resize(problem_.num_tokens(firsts.front(), firsts.back()) * 4 * problem_.width());
    const auto num_groups = static_cast<int64_t>(firsts.size()) - 1;
    group_sums_.resize(num_groups, problem_.width() * (problem_.width() + 4));
    for_each_piece(dev_, problem_, firsts, [&](EncoderRun& memory, int64_t first, int64_t last) {
      const int64_t group = std::ranges::lower_bound(firsts, first) - firsts.begin();
      run_group(memory, first, last, first_entry, dout, group_sums_.row(group));
    });
    scatter(firsts.front(), firsts.back());
    add_group_sums(num_groups);
  }

 private:
  void run_group(EncoderRun& memory, int64_t first, int64_t last, int64_t first_entry, In<Cpu> dout, float* sums) {
    const int64_t width = problem_.width();
    std::fill_n(sums, width * (width + 4), 0.0F);
    float* vectors = sums + width * width;
    const ParameterSums target = {sums, vectors, vectors + width, vectors + 2 * width, vectors + 3 * width};
    for (int64_t b = first; b < last;) {
      const int64_t end = problem_.end_of_run(b, last);
      float* rows = token_gradients_.data() + (problem_.lists.offsets[b] - first_entry) * 3 * 4 * width;
      memory.backward(b, end, dout, rows, target);
      b = end;
    }
  }

  void scatter(int64_t first_seed, int64_t last_seed) {
    const int64_t first_entry = problem_.lists.offsets[first_seed];
    const EntriesByNode by_node = group_by_node(problem_.lists, first_entry, problem_.lists.offsets[last_seed]);
    cpu::for_each_block(dev_, static_cast<int64_t>(by_node.run_offsets.size()) - 1, 16,
                        [&](int64_t first, int64_t count) {
                          const int32_t begin = by_node.run_offsets[first];
                          const int32_t end = by_node.run_offsets[first + count];
                          for (int32_t i = begin; i < end; ++i) add_entry(by_node.entries[i], first_entry);
                        });
  }

  void add_entry(int64_t entry, int64_t first_entry) {
    const int64_t width = problem_.width();
    for (int64_t hop = 0; hop < 3; ++hop) {
      const int64_t row = 3 * int64_t{problem_.lists.nodes[entry]} + hop;
      const float* gradients = token_gradients_.data() + (3 * (entry - first_entry) + hop) * 4 * width;
      cpu::add_scaled(gradients, 1, row_gradients_.query.row(row), width);
      cpu::add_scaled(gradients + width, 1, row_gradients_.key.row(row), width);
      cpu::add_scaled(gradients + 2 * width, 1, row_gradients_.value.row(row), width);
      cpu::add_scaled(gradients + 3 * width, 1, row_gradients_.residual.row(row), width);
    }
  }

  void add_group_sums(int64_t num_groups) {
    const int64_t width = problem_.width();
    cpu::parallel_for(dev_, width + 4, [&](int64_t r) {
      float* target = r < width ? parameter_gradients_.out_weight.row(r) : vector_gradient(r - width);
      for (int64_t group = 0; group < num_groups; ++group) {
        cpu::add_scaled(group_sums_.row(group) + r * width, 1, target, width);
      }
    });
  }

  float* vector_gradient(int64_t index) const {
    return std::array{parameter_gradients_.out_bias.data, parameter_gradients_.norm_gain.data,
                      parameter_gradients_.norm_shift.data, parameter_gradients_.readout.data}[index];
  }

  Cpu& dev_;
  const EncoderProblem& problem_;
  const EncoderRowGradients<Cpu>& row_gradients_;
  const EncoderParameterGradients<Cpu>& parameter_gradients_;
  // Of the calling thread: the others reach them through these.
  Buffer<float>& token_gradients_ = token_gradients;
  Matrix<float>& group_sums_ = group_sums;
};

void clear(Cpu& dev, Out<Cpu> x) {
  cpu::for_each_block(dev, x.rows, cpu::kRowBlock, [&](int64_t first, int64_t count) {
    for (int64_t r = first; r < first + count; ++r) std::fill_n(x.row(r), x.cols, 0.0F);
  });
}

}  // namespace

int64_t local_encoder_scratch_bytes(const Cpu& dev, const EncoderExtents& extents) {
  const int64_t width = extents.num_heads * extents.head_width;
  const int64_t row_bytes = 4 * width * static_cast<int64_t>(sizeof(float));
  const int64_t group_tokens =
      std::max(cpu::max_tokens_of_run(extents.max_tokens), kMinGroupSeeds * extents.max_tokens);
  const int64_t block_groups = kBlockGroupsPerThread * dev.num_threads;
  const int64_t block_bytes =
      std::min({block_groups * group_tokens * row_bytes, std::max(kMaxBlockBytes, group_tokens * row_bytes),
                extents.num_seeds * extents.max_tokens * row_bytes});
  const int64_t num_groups = std::min(block_groups, cpu::num_blocks(extents.num_seeds, kMinGroupSeeds));
  const int64_t sums_bytes = 4 * num_groups * width * (width + 4);
  const int64_t operands_bytes = 8 * width * width;
  const int64_t thread_bytes =
      cpu::encoder_memory_bytes(cpu::unit_format(dev), extents.max_tokens, extents.num_heads, extents.head_width);
  return block_bytes + sums_bytes + operands_bytes + dev.num_threads * thread_bytes;
}

template <>
void local_encoder<Cpu>(Cpu& dev, const SampleLists<Cpu>& lists, const EncoderRows<Cpu>& rows,
                        const EncoderParameters<Cpu>& parameters, const EncoderOptions& options, Out<Cpu> out) {
  const cpu::Timed timed(dev, "local_encoder");
  check(lists, rows, parameters, options, out);
  const SharedOperands shared(dev, parameters);
  const EncoderProblem problem = shared.problem(lists, rows, parameters, options);
  for_each_piece(dev, problem, plan_runs(problem, out.rows),
                 [&](EncoderRun& memory, int64_t first, int64_t last) { memory.forward(first, last, out); });
}

template <>
void local_encoder_backward<Cpu>(Cpu& dev, const SampleLists<Cpu>& lists, const EncoderRows<Cpu>& rows,
                                 const EncoderParameters<Cpu>& parameters, const EncoderOptions& options, In<Cpu> dout,
                                 const EncoderRowGradients<Cpu>& row_gradients,
                                 const EncoderParameterGradients<Cpu>& parameter_gradients) {
  const cpu::Timed timed(dev, "local_encoder_backward");
  check(lists, rows, parameters, options, dout);
  require_extents(rows, row_gradients, parameter_gradients);
  for (const Out<Cpu>& gradient : {row_gradients.query, row_gradients.key, row_gradients.value, row_gradients.residual,
                                   parameter_gradients.out_weight}) {
    clear(dev, gradient);
  }
  for (const OutVector<Cpu>& gradient : {parameter_gradients.out_bias, parameter_gradients.norm_gain,
                                         parameter_gradients.norm_shift, parameter_gradients.readout}) {
    std::fill_n(gradient.data, gradient.size, 0.0F);
  }
  const SharedOperands shared(dev, parameters);
  const EncoderProblem problem = shared.problem(lists, rows, parameters, options);
  BlockBackward backward(dev, problem, row_gradients, parameter_gradients);
  const std::vector<int64_t> groups = plan_groups(problem, lists.seed_ids.size);
  for (int64_t first = 0; first + 1 < static_cast<int64_t>(groups.size());) {
    const int64_t end = end_of_block(dev, problem, groups, first);
    backward.run({groups.begin() + first, groups.begin() + end + 1}, dout);
    first = end;
  }
}

}  // namespace gigahop::ops
