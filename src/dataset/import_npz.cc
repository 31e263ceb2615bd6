#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "dataset/attributes.h"
#include "dataset/edge_source.h"
#include "dataset/import.h"

namespace gigahop::dataset {
namespace {

struct Selector {
  std::string name;
  MaskIndex mask;
};

/// "train_masks[0]" or "train_mask".
Selector parse_selector(const std::string& text) {
  const size_t bracket = text.find('[');
  if (bracket == std::string::npos) return {text, {}};
  int64_t mask = 0;
  const char* const last = text.data() + text.size() - 1;
  const auto [end, failure] = std::from_chars(text.data() + bracket + 1, last, mask);
  if (!text.ends_with(']') || failure != std::errc() || end != last || mask < 0) {
    throw config_error(text, "NAME or NAME[k] with k from 0", "something else", "as in train_masks[0]");
  }
  return {text.substr(0, bracket), mask};
}

}  // namespace

ImportSummary import_npz(const NpzOptions& options, const Destination& destination) {
  DatasetWriter writer(destination, options.direction, options.nan);
  const array::NpzReader archive(options.archive);
  const auto open = [&](const std::string& name) { return ArrayStream::open_npz(archive, options.archive, name); };
  if (!options.features.empty()) copy_features(open(options.features), writer);
  if (!options.labels.empty()) copy_labels(open(options.labels), writer);
  const std::array<std::pair<Split, const std::string*>, 3> splits = {
      {{Split::kTrain, &options.train}, {Split::kValid, &options.valid}, {Split::kTest, &options.test}}};
  for (const auto& [split, text] : splits) {
    if (text->empty()) continue;
    const Selector selector = parse_selector(*text);
    copy_split(open(selector.name), selector.mask, split, writer);
  }
  copy_positional(options.positional, writer);
  copy_edges(open(options.edges), EdgeLayout::kPairs, writer);
  return writer.finish();
}

}  // namespace gigahop::dataset
