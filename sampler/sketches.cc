#include "sampler/sketches.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "comm/exchange.h"
#include "sampler/scan.h"

namespace gigahop::sampler {
namespace {

/// Neighbours that are merged together.
constexpr size_t kPiece = 256;

/// What a list takes in a round beside its numbers, in elements of 8 bytes: the notes of both ends, its place in a
/// table.
constexpr int64_t kElementsOfRequest = 16;

/// Row and group as one number: the key of a list here, and what is asked of a row's owner.
constexpr int64_t kMaxGroups = 1024;

void prefetch(const void* address) {
  __builtin_prefetch(address);
}

int64_t encode(int64_t row, int64_t group) {
  return row * kMaxGroups + group;
}
LocalId row_in(int64_t code) {
  return LocalId(static_cast<int32_t>(code / kMaxGroups));
}
int64_t group_in(int64_t code) {
  return code % kMaxGroups;
}

uint64_t key_of(LocalId row, int64_t group) {
  return static_cast<uint64_t>(encode(row.value, group));
}

}  // namespace

KeptLists expect_lists(const graph::LocalGraph& graph, const LoaderOptions& options, std::span<const LocalId> seeds,
                       double probability) {
  const int64_t longest_short = longest_short_row(options.sample_size);
  const int64_t num_owned = graph.num_owned();
  std::vector<int32_t> seeds_around(static_cast<size_t>(num_owned + graph.num_halo()));
  for (const LocalId seed : seeds) {
    for (const LocalId neighbour : graph.edges().neighbours(seed.value)) ++seeds_around[neighbour.value];
  }
  const auto num_lists = [&](double num_groups, double num_seeds) {
    return num_groups * (1 - std::pow(1 - probability / num_groups, num_seeds));
  };
  const auto num_groups = static_cast<double>(options.num_groups);
  const double share_of_seeds =
      static_cast<double>(seeds.size()) / static_cast<double>(std::max<int64_t>(num_owned, 1));
  double num_sketches = 0;
  double short_rows_bytes = 0;
  for (int64_t row = 0; row < num_owned; ++row) {
    const auto neighbours = graph.edges().neighbours(row);
    if (static_cast<int64_t>(neighbours.size()) <= longest_short) continue;
    if (graph.partition().directed() && graph.num_halo() > 0) {
      num_sketches += num_groups;
      continue;
    }
    const auto num_neighbours = static_cast<double>(neighbours.size());
    const auto of_this_rank = std::ranges::count_if(neighbours, [&](LocalId id) { return id.value < num_owned; });
    // As if one neighbour more were here, and as much of a seed as any node: few tell little of those elsewhere.
    const double share =
        (static_cast<double>(seeds_around[row]) + share_of_seeds) / (static_cast<double>(of_this_rank) + 1);
    num_sketches += num_lists(num_groups, share * num_neighbours);
  }
  for (int64_t halo = 0; halo < graph.num_halo(); ++halo) {
    const int64_t degree = graph.halo_degrees()[halo];
    const auto num_seeds = static_cast<double>(seeds_around[num_owned + halo]);
    if (degree > longest_short) {
      num_sketches += num_lists(num_groups, num_seeds);
    } else if (degree > 0) {
      short_rows_bytes += num_lists(1, num_seeds) * static_cast<double>(RowLists::bytes_of(degree));
    }
  }
  const double sketches_bytes = num_sketches * static_cast<double>(RowLists::bytes_of(options.sample_size - 1));
  return {.short_rows_bytes = std::llround(short_rows_bytes), .sketches_bytes = std::llround(sketches_bytes)};
}

Sketches::Sketches(const graph::LocalGraph& graph, std::span<const OriginalId> original_ids,
                   const LoaderOptions& options)
    : graph_(graph),
      original_ids_(original_ids),
      num_owned_(graph.num_owned()),
      sketch_length_(options.sample_size - 1),
      longest_short_(longest_short_row(options.sample_size)),
      num_threads_(options.num_threads),
      round_elements_(options.round_elements),
      budget_{.limit_bytes = options.sketch_budget_bytes},
      short_rows_(budget_),
      round_budget_{.limit_bytes = std::numeric_limits<int64_t>::max()},
      passing_(round_budget_) {
  require(options.num_groups <= kMaxGroups && longest_short_ <= RowLists::kLongestList,
          "every list has a key and a place");
}

int64_t Sketches::degree(LocalId row) const {
  return is_owned(row) ? graph_.edges().degree(row.value) : graph_.halo_degrees()[row.value - num_owned_];
}

const uint64_t* Sketches::find(const RowLists& kept, uint64_t key) const {
  const uint64_t* list = kept.find(key);
  return list != nullptr ? list : passing_.find(key);
}

/// A sketch bounds what can matter, so first all sketches lower the bound, then every list is read up to it. What a
/// loop reads at random, the loop before it has prefetched.
bool Sketches::merge_piece(const SaltSketches& salt, int64_t group, std::span<const LocalId> neighbours,
                           Lowest& lowest) const {
  const PriorityKey key = salt.keys[group];
  std::array<LocalId, kPiece> long_rows;
  std::array<const uint64_t*, kPiece> sketches;
  std::array<LocalId, kPiece> short_rows;
  size_t num_long = 0;
  size_t num_short = 0;
  for (const LocalId neighbour : neighbours) {
    if (degree(neighbour) > longest_short_) {
      long_rows[num_long++] = neighbour;
      salt.lists.prefetch(key_of(neighbour, group));
    } else {
      short_rows[num_short++] = neighbour;
      prefetch_short(neighbour);
    }
  }
  for (size_t i = 0; i < num_long; ++i) {
    sketches[i] = find(salt.lists, key_of(long_rows[i], group));
    if (sketches[i] == nullptr) return false;
    prefetch(sketches[i]);
    prefetch(sketches[i] + sketch_length_ - 1);
  }
  for (size_t i = 0; i < num_long; ++i) lowest.bound_by(sketches[i][sketch_length_ - 1]);
  for (size_t i = 0; i < num_long; ++i) {
    lowest.add_ascending({sketches[i], static_cast<size_t>(sketch_length_)});
  }
  return add_short_rows(std::span(short_rows).first(num_short), key, lowest);
}

void Sketches::prefetch_short(LocalId row) const {
  if (!is_owned(row)) return short_rows_.prefetch(key_of(row, 0));
  const LocalId* columns = graph_.edges().neighbours(row.value).data();
  prefetch(columns);
  prefetch(columns + 16);
}

bool Sketches::add_short_rows(std::span<const LocalId> rows, PriorityKey key, Lowest& lowest) const {
  for (const LocalId row : rows) {
    if (is_owned(row)) {
      add_rows(graph_.edges().neighbours(row.value), original_ids_, key, lowest);
      continue;
    }
    const auto num_ids = static_cast<size_t>(degree(row));
    const uint64_t* ids = num_ids == 0 ? nullptr : find(short_rows_, key_of(row, 0));
    if (num_ids > 0 && ids == nullptr) return false;
    for (const uint64_t id : std::span(ids, num_ids)) lowest.add(priority(key, OriginalId(static_cast<int64_t>(id))));
  }
  return true;
}

bool Sketches::merge(const SaltSketches& salt, int64_t group, std::span<const LocalId> neighbours,
                     Lowest& lowest) const {
  for (; !neighbours.empty(); neighbours = neighbours.subspan(std::min(neighbours.size(), kPiece))) {
    if (!merge_piece(salt, group, neighbours.first(std::min(neighbours.size(), kPiece)), lowest)) return false;
  }
  return true;
}

bool Sketches::want(SaltSketches& salt, int64_t group, LocalId neighbour) {
  const int64_t row_length = degree(neighbour);
  const bool is_short = row_length <= longest_short_;
  if (row_length == 0 || (is_short && is_owned(neighbour))) return true;
  const int64_t group_of_list = is_short ? 0 : group;
  const uint64_t key = key_of(neighbour, group_of_list);
  RowLists& kept = is_short ? short_rows_ : salt.lists;
  if (find(kept, key) != nullptr) return true;
  const int64_t list_length = length(row_length);
  if (wanted_elements_ > 0 && wanted_elements_ + list_length > round_elements_) return false;
  wanted_elements_ += list_length + kElementsOfRequest;
  uint64_t* list = kept.add(key, list_length);
  if (list == nullptr) list = passing_.add(key, list_length);
  (is_owned(neighbour) ? wanted_owned_ : wanted_remote_).push_back({neighbour, group_of_list, list});
  return true;
}

std::span<const uint64_t> Sketches::sketch_of(LocalId row, PriorityKey key, Lowest& lowest) const {
  add_first_rows(graph_.edges().neighbours(row.value), original_ids_, key, lowest);
  return lowest.result();
}

/// Sketches that other ranks ask for are kept as if wanted here: several may ask.
void Sketches::keep_asked(const RaggedPlan& plan, SaltSketches& salt) {
  for (const std::vector<int64_t>& requests : plan.rows.send_rows) {
    for (const int64_t request : requests) {
      const LocalId row = row_in(request);
      if (degree(row) <= longest_short_ || find(salt.lists, static_cast<uint64_t>(request)) != nullptr) continue;
      uint64_t* list = salt.lists.add(static_cast<uint64_t>(request), sketch_length_);
      if (list != nullptr) wanted_owned_.push_back({row, group_in(request), list});
    }
  }
}

RaggedPlan Sketches::plan_fetch(const comm::Communicator& comm) const {
  std::vector<int32_t> owner_ranks;
  std::vector<int64_t> requests;
  owner_ranks.reserve(wanted_remote_.size());
  requests.reserve(wanted_remote_.size());
  for (const Wanted& wanted : wanted_remote_) {
    const GlobalId id = graph_.halo_ids()[wanted.row.value - num_owned_];
    owner_ranks.push_back(graph_.rank_of(id));
    requests.push_back(encode(graph_.row_on_owner(id), wanted.group));
  }
  return plan_ragged(
      comm::plan_rows(comm, owner_ranks, requests), [&](int64_t request) { return length(degree(row_in(request))); },
      [&](int64_t place) { return length(degree(wanted_remote_[place].row)); });
}

void Sketches::fetch(const comm::Communicator& comm, const RaggedPlan& plan, const SaltSketches& salt) {
  Lowest lowest(sketch_length_);
  std::vector<uint64_t> made;
  int64_t made_for = -1;
  const auto pack = [&](int64_t request, int64_t begin, std::span<uint64_t> out) {
    const LocalId row = row_in(request);
    if (degree(row) <= longest_short_) {
      const auto columns = graph_.edges().neighbours(row.value).subspan(static_cast<size_t>(begin), out.size());
      for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<uint64_t>(original_ids_[columns[i].value].value);
      return;
    }
    const uint64_t* sketch = find(salt.lists, static_cast<uint64_t>(request));
    if (sketch == nullptr && made_for != request) {
      const auto found = sketch_of(row, salt.keys[group_in(request)], lowest);
      made.assign(found.begin(), found.end());
      made_for = request;
    }
    std::copy_n((sketch != nullptr ? sketch : made.data()) + begin, out.size(), out.begin());
  };
  const auto take = [&](int64_t place, int64_t begin, std::span<const uint64_t> elements) {
    std::ranges::copy(elements, wanted_remote_[place].list + begin);
  };
  run_ragged<uint64_t>(comm, plan, round_elements_, pack, take, [] {});
}

void Sketches::make_wanted(const comm::Communicator& comm, SaltSketches& salt) {
  RaggedPlan plan;
  if (comm.size() > 1) {
    plan = plan_fetch(comm);
    keep_asked(plan, salt);
  }
  const auto num_owned_wanted = static_cast<int64_t>(wanted_owned_.size());
#pragma omp parallel num_threads(num_threads_) if (num_owned_wanted > 0)
  {
    Lowest lowest(sketch_length_);
#pragma omp for schedule(dynamic, 4)
    for (int64_t i = 0; i < num_owned_wanted; ++i) {
      const Wanted& wanted = wanted_owned_[i];
      std::ranges::copy(sketch_of(wanted.row, salt.keys[wanted.group], lowest), wanted.list);
    }
  }
  if (comm.size() > 1) fetch(comm, plan, salt);
  wanted_owned_.clear();
  wanted_remote_.clear();
  wanted_elements_ = 0;
}

}  // namespace gigahop::sampler
