/// Bytes that operations of the CPU allocate beside their arguments, in one process, at most: what a forecast adds to
/// the rows. Threads keep most of it from call to call, so that a step allocates next to nothing. Each function stands
/// beside the operation whose constants it uses. All pure.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/cpu.h"

namespace gigahop::ops {

/// local_encoder and its backward: seeds of up to max_tokens tokens each.
struct EncoderExtents {
  int64_t num_seeds = 0;
  int64_t max_tokens = 0;
  int64_t num_heads = 1;
  int64_t head_width = 0;
};
int64_t local_encoder_scratch_bytes(const Cpu& dev, const EncoderExtents& extents);

/// global_attention and its backward, and nearest_codeword among as many codewords.
struct CodebookExtents {
  int64_t num_seeds = 0;
  int64_t num_codewords = 0;
  int64_t num_heads = 1;
  int64_t head_width = 0;
};
int64_t global_attention_scratch_bytes(const Cpu& dev, const CodebookExtents& extents);

/// C [m, n] with inner extent `depth`.
struct ProductExtents {
  int64_t m = 0;
  int64_t n = 0;
  int64_t depth = 0;
};
/// All these products, one after the other.
int64_t products_scratch_bytes(const Cpu& dev, std::span<const ProductExtents> products);

}  // namespace gigahop::ops
