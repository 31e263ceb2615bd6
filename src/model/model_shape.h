/// What a model is made of: the letters of src/model/README.md as numbers.
#pragma once

#include <cstdint>

namespace gigahop::model {

enum class Attention { kFull, kLocal, kGlobal, kNone };

struct ModelShape {
  Attention attention = Attention::kFull;
  int64_t feature_width = 0;      // F
  int64_t hidden_width = 128;     // H
  int64_t num_heads = 2;          // A
  int64_t positional_width = 64;  // G
  int64_t num_codewords = 4096;   // M, at most 65,535
  int64_t num_classes = 0;        // C
  double dropout_feed_forward = 0.5;
  double dropout_encoder = 0.3;

  bool has_local() const { return attention == Attention::kFull || attention == Attention::kLocal; }
  bool has_global() const { return attention == Attention::kFull || attention == Attention::kGlobal; }
  bool has_seed_branch() const { return attention != Attention::kLocal; }

  /// A H
  int64_t attention_width() const { return num_heads * hidden_width; }
  /// Width of what the head reads.
  int64_t head_input_width() const {
    if (attention == Attention::kNone) return hidden_width;
    return (attention == Attention::kFull ? 2 : 1) * attention_width();
  }
};

}  // namespace gigahop::model
