#include "sampler/seed_plan.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace gigahop::sampler {
namespace {

/// floor(2^32 (golden ratio - 1)).
constexpr uint32_t kGoldenRatio = 0x9E3779B9u;

std::vector<int> parts_of(const graph::LocalGraph& graph) {
  std::vector<int> parts;
  for (const graph::Shard& shard : graph.shards()) parts.push_back(shard.part());
  return parts;
}

std::vector<LocalId> rows_of_split(const graph::Shard& shard, Split split) {
  const auto copy = [](std::span<const LocalId> rows) { return std::vector<LocalId>(rows.begin(), rows.end()); };
  switch (split) {
    case Split::kTrain:
      return copy(shard.train());
    case Split::kValid:
      return copy(shard.valid());
    case Split::kTest:
      return copy(shard.test());
    case Split::kAll:
      break;
  }
  std::vector<LocalId> rows(static_cast<size_t>(shard.num_owned()));
  std::iota(rows.begin(), rows.end(), LocalId(0));
  return rows;
}

}  // namespace

int64_t steps_per_epoch(int64_t num_seeds, int64_t batch_size) {
  require(batch_size >= 1, "a batch holds at least one seed");
  return num_seeds / batch_size + (num_seeds % batch_size == 0 ? 0 : 1);
}

int64_t first_seed_of_step(int part, int64_t num_seeds, int64_t step, int64_t num_steps) {
  // num_seeds step / num_steps as a whole number and a remainder, without the product, which may overflow.
  const int64_t product = num_seeds % num_steps * step;
  const int64_t whole = num_seeds / num_steps * step + product / num_steps;
  // remainder / num_steps + u >= 1, with u = phase / 2^32.
  const uint64_t phase = static_cast<uint32_t>(part) * kGoldenRatio;
  const auto added = static_cast<int64_t>(phase * static_cast<uint64_t>(num_steps) >> 32);
  return whole + (product % num_steps + added >= num_steps ? 1 : 0);
}

SeedPlan::SeedPlan(const graph::LocalGraph& graph, Split split, int64_t num_seeds, int64_t batch_size, SeedOrder order,
                   RandomKey key)
    : parts_(parts_of(graph)),
      num_seeds_(num_seeds),
      num_steps_(steps_per_epoch(num_seeds, batch_size)),
      order_(order),
      key_(key) {
  for (size_t s = 0; s < graph.shards().size(); ++s) {
    std::vector<LocalId> rows = rows_of_split(graph.shards()[s], split);
    for (LocalId& row : rows) row.value += static_cast<int32_t>(graph.shard_offsets()[s]);
    part_seeds_.push_back(std::move(rows));
  }
  if (order_ == SeedOrder::kShuffled) original_ids_ = graph.original_ids();
}

SeedPlan::SeedPlan(const graph::LocalGraph& graph, std::vector<LocalId> rows, int64_t num_seeds, int64_t batch_size)
    : parts_(parts_of(graph)),
      part_seeds_(graph.shards().size()),
      num_seeds_(num_seeds),
      num_steps_(steps_per_epoch(num_seeds, batch_size)),
      order_(SeedOrder::kAscending) {
  require(std::is_sorted(rows.begin(), rows.end()), "rows of a seed plan ascend");
  for (const LocalId row : rows) part_seeds_[graph.shard_of(row)].push_back(row);
}

std::vector<LocalId> SeedPlan::all_seeds() const {
  std::vector<LocalId> seeds;
  for (const std::vector<LocalId>& of_part : part_seeds_) seeds.insert(seeds.end(), of_part.begin(), of_part.end());
  return seeds;
}

void SeedPlan::order_epoch(int64_t epoch) {
  struct Ranked {
    uint64_t number;
    OriginalId id;
    LocalId row;
    bool operator<(const Ranked& other) const { return number != other.number ? number < other.number : id < other.id; }
  };
  ordered_.assign(part_seeds_.size(), {});
  for (size_t s = 0; s < part_seeds_.size(); ++s) {
    std::vector<Ranked> ranked;
    ranked.reserve(part_seeds_[s].size());
    for (const LocalId row : part_seeds_[s]) {
      const OriginalId id = original_ids_[row.value];
      ranked.push_back(
          {random_bits(key_, Purpose::kSeedOrder, static_cast<uint64_t>(epoch), static_cast<uint64_t>(id.value), 0), id,
           row});
    }
    std::sort(ranked.begin(), ranked.end());
    for (const Ranked& seed : ranked) ordered_[s].push_back(seed.row);
  }
  ordered_epoch_ = epoch;
}

std::vector<LocalId> SeedPlan::seeds(int64_t epoch, int64_t step) {
  require(step >= 0 && step < num_steps_, "a step lies within the epoch");
  if (order_ == SeedOrder::kShuffled && ordered_epoch_ != epoch) order_epoch(epoch);
  std::vector<LocalId> seeds;
  const std::vector<std::vector<LocalId>>& by_part = order_ == SeedOrder::kShuffled ? ordered_ : part_seeds_;
  for (size_t s = 0; s < by_part.size(); ++s) {
    const auto num = static_cast<int64_t>(by_part[s].size());
    const auto begin = by_part[s].begin() + first_seed_of_step(parts_[s], num, step, num_steps_);
    const auto end = by_part[s].begin() + first_seed_of_step(parts_[s], num, step + 1, num_steps_);
    seeds.insert(seeds.end(), begin, end);
  }
  return seeds;
}

}  // namespace gigahop::sampler
