#include "sampler/sample_lists.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/error.h"

namespace gigahop::sampler {

void fill_sequence(std::span<const uint64_t> first, PriorityKey first_key, std::span<const uint64_t> second,
                   PriorityKey second_key, std::span<OriginalId> sequence) {
  const size_t found = std::min(sequence.size(), first.size() + second.size());
  size_t a = 0;
  size_t b = 0;
  for (size_t i = 0; i < found; ++i) {
    const bool from_first = b == second.size() || (a < first.size() && first[a] <= second[b]);
    sequence[i] = from_first ? node_of(first_key, first[a++]) : node_of(second_key, second[b++]);
  }
  for (size_t i = found; i < sequence.size(); ++i) sequence[i] = sequence[i - found];
}

ListBuffer::ListBuffer(int64_t num_seeds, int64_t sample_size)
    : sample_size_(sample_size),
      lengths_(static_cast<size_t>(num_seeds)),
      ids_(static_cast<size_t>(num_seeds * sample_size)),
      counts_(static_cast<size_t>(num_seeds * sample_size)) {}

void ListBuffer::write(int64_t b, OriginalId seed, std::span<OriginalId> sequence) {
  std::sort(sequence.begin(), sequence.end());
  OriginalId* ids = ids_.data() + b * sample_size_;
  int32_t* counts = counts_.data() + b * sample_size_;
  ids[0] = seed;
  counts[0] = 1;
  int32_t last = 0;
  for (const OriginalId id : sequence) {
    if (id == seed) {
      ++counts[0];
    } else if (last > 0 && ids[last] == id) {
      ++counts[last];
    } else {
      ids[++last] = id;
      counts[last] = 1;
    }
  }
  lengths_[b] = last + 1;
}

SampleLists ListBuffer::pack() const {
  SampleLists lists;
  lists.offsets.assign(lengths_.size() + 1, 0);
  for (size_t b = 0; b < lengths_.size(); ++b) {
    require(lists.offsets[b] <= std::numeric_limits<int32_t>::max() - lengths_[b],
            "the samples of a batch have fewer than 2^31 entries");
    lists.offsets[b + 1] = lists.offsets[b] + lengths_[b];
  }
  lists.ids.resize(static_cast<size_t>(lists.offsets.back()));
  lists.counts.resize(lists.ids.size());
  for (size_t b = 0; b < lengths_.size(); ++b) {
    const size_t from = b * static_cast<size_t>(sample_size_);
    std::copy_n(ids_.begin() + static_cast<std::ptrdiff_t>(from), lengths_[b], lists.ids.begin() + lists.offsets[b]);
    std::copy_n(counts_.begin() + static_cast<std::ptrdiff_t>(from), lengths_[b],
                lists.counts.begin() + lists.offsets[b]);
  }
  return lists;
}

SampleLists lists_of_seeds(std::span<const OriginalId> seeds) {
  SampleLists lists;
  lists.offsets.resize(seeds.size() + 1);
  for (size_t b = 0; b <= seeds.size(); ++b) lists.offsets[b] = static_cast<int32_t>(b);
  lists.ids.assign(seeds.begin(), seeds.end());
  lists.counts.assign(seeds.size(), 1);
  return lists;
}

DistinctNodes number_distinct_nodes(const SampleLists& lists) {
  // Open addressing, at most half full. Nodes are numbered in order of appearance, then renumbered by id.
  constexpr int32_t kEmpty = -1;
  const size_t capacity = std::bit_ceil(2 * lists.ids.size() + 2);
  std::vector<int32_t> table(capacity, kEmpty);
  DistinctNodes nodes;
  nodes.sample_nodes.resize(lists.ids.size());
  for (size_t s = 0; s < lists.ids.size(); ++s) {
    const OriginalId id = lists.ids[s];
    size_t place = scatter(static_cast<uint64_t>(id.value)) & (capacity - 1);
    while (table[place] != kEmpty && nodes.ids[table[place]] != id) place = (place + 1) & (capacity - 1);
    if (table[place] == kEmpty) {
      table[place] = static_cast<int32_t>(nodes.ids.size());
      nodes.ids.push_back(id);
    }
    nodes.sample_nodes[s] = table[place];
  }

  struct Numbered {
    OriginalId id;
    int32_t appeared;
  };
  std::vector<Numbered> sorted(nodes.ids.size());
  for (size_t u = 0; u < sorted.size(); ++u) sorted[u] = {nodes.ids[u], static_cast<int32_t>(u)};
  std::sort(sorted.begin(), sorted.end(), [](const Numbered& a, const Numbered& b) { return a.id < b.id; });
  std::vector<int32_t> place_of(sorted.size());
  for (size_t u = 0; u < sorted.size(); ++u) {
    nodes.ids[u] = sorted[u].id;
    place_of[sorted[u].appeared] = static_cast<int32_t>(u);
  }
  for (int32_t& node : nodes.sample_nodes) node = place_of[node];
  return nodes;
}

}  // namespace gigahop::sampler
