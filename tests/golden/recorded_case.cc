#include "golden/recorded_case.h"

#include <filesystem>

namespace gigahop::golden {

model::ModelShape recorded_shape(model::Attention attention) {
  return {.attention = attention,
          .feature_width = 12,
          .hidden_width = 8,
          .num_heads = 2,
          .positional_width = 4,
          .num_codewords = 16,
          .num_classes = 5,
          .dropout_feed_forward = 0,
          .dropout_encoder = 0};
}

std::string_view file_name(model::Attention attention) {
  switch (attention) {
    case model::Attention::kFull:
      return "full";
    case model::Attention::kLocal:
      return "local";
    case model::Attention::kGlobal:
      return "global";
    case model::Attention::kNone:
      return "none";
  }
  return "";
}

array::SafetensorsFile open_recorded(std::string_view name) {
  return array::SafetensorsFile(std::filesystem::path(GIGAHOP_GOLDEN_DATA) / (std::string(name) + ".safetensors"));
}

}  // namespace gigahop::golden
