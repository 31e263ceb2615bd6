#include "partition/multilevel/refine_by_jet.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "comm/collectives.h"
#include "partition/multilevel/balance.h"

namespace gigahop::partition {
namespace {

/// A move that a node would like: kNoPart where it wants none. Gains beyond 32 bits count as the largest there are.
struct Wish {
  int32_t gain = 0;
  int32_t target = kNoPart;
};

class Jet {
 public:
  Jet(const comm::Communicator& comm, PartState& state, const JetOptions& options)
      : comm_(comm),
        state_(state),
        graph_(state.level().graph),
        options_(options),
        connections_(state),
        wishes_(static_cast<size_t>(graph_.num_local())),
        is_locked_(static_cast<size_t>(graph_.num_owned())) {}

  Quality run() {
    Quality best = state_.quality();
    std::vector<int32_t> best_parts(state_.local_parts().begin(), state_.local_parts().end());
    for (int round = 0; round < options_.num_rounds; ++round) {
      if (round > 0) state_.restore(best_parts);
      is_locked_.assign(is_locked_.size(), 0);
      Quality milestone = best;
      bool is_first = true;
      for (int idle = 0; idle <= options_.patience;) {
        const int64_t cut = make_wishes(temperature(round));
        const Quality now{.overload = state_.overload(), .cut = cut};
        if (now < best) {
          best = now;
          best_parts.assign(state_.local_parts().begin(), state_.local_parts().end());
        }
        if (is_progress(milestone, now)) {
          milestone = now;
          idle = 0;
        } else if (!is_first) {
          ++idle;
        }
        is_first = false;
        if (idle > options_.patience || grant_wishes() == 0) break;
        balance(comm_, state_);
      }
    }
    state_.restore(best_parts);
    return best;
  }

 private:
  bool is_progress(const Quality& before, const Quality& now) const {
    if (now.overload != before.overload) return now.overload < (1 - options_.worthwhile) * before.overload;
    const auto least_gain = static_cast<int64_t>(options_.worthwhile * static_cast<double>(before.cut));
    return now.cut < before.cut - least_gain;
  }

  double temperature(int round) const {
    if (options_.num_rounds == 1) return options_.first_temperature;
    return options_.first_temperature +
           (options_.last_temperature - options_.first_temperature) * round / (options_.num_rounds - 1);
  }

  /// Every unlocked node's best move, where it loses no more than the temperature allows; returns the cut.
  int64_t make_wishes(double temperature) {
    int64_t cut = 0;
    HaloUpdates<Wish> updates(comm_, graph_);
    std::fill(wishes_.begin(), wishes_.end(), Wish{});
    for (int64_t row = 0; row < graph_.num_owned(); ++row) {
      if (state_.is_inner(row)) continue;
      const int32_t present = state_.part(row);
      int32_t best = kNoPart;
      int64_t outside = 0;
      for (const int32_t part : connections_.of(row)) {
        if (part == present) continue;
        const int64_t weight = connections_.weight(part);
        outside += weight;
        const bool better = best == kNoPart || weight > connections_.weight(best) ||
                            (weight == connections_.weight(best) && part < best);
        if (better) best = part;
      }
      cut += outside;
      if (best == kNoPart || is_locked_[static_cast<size_t>(row)]) continue;
      const int64_t inside = connections_.weight(present);
      const int64_t gain = connections_.weight(best) - inside;
      if (gain <= -static_cast<int64_t>(temperature * static_cast<double>(inside))) continue;
      const auto shown = static_cast<int32_t>(std::clamp<int64_t>(gain, INT32_MIN, INT32_MAX));
      wishes_[static_cast<size_t>(row)] = {.gain = shown, .target = best};
      if (comm_.size() > 1) updates.stage(row, wishes_[static_cast<size_t>(row)]);
    }
    updates.run(
        [&](int64_t place, const Wish& wish) { wishes_[static_cast<size_t>(graph_.num_owned() + place)] = wish; });
    return comm::sum_over_ranks(comm_, cut) / 2;
  }

  /// Whether the move still pays once all neighbours with better moves have made theirs.
  bool still_pays(int64_t row, const Wish& wish) const {
    const int32_t present = state_.part(row);
    const int64_t node = graph_.node(comm_.rank(), row);
    const auto parts = state_.local_parts();
    int64_t gain = 0;
    for (int64_t entry = graph_.row_offsets[row]; entry < graph_.row_offsets[row + 1]; ++entry) {
      const int32_t neighbour = graph_.column_ids[entry];
      const Wish& theirs = wishes_[neighbour];
      const bool goes_first =
          theirs.target != kNoPart &&
          (theirs.gain > wish.gain || (theirs.gain == wish.gain && graph_.node(comm_.rank(), neighbour) < node));
      const int32_t part = goes_first ? theirs.target : parts[neighbour];
      if (part == wish.target) {
        gain += graph_.edge_weight(entry);
      } else if (part == present) {
        gain -= graph_.edge_weight(entry);
      }
    }
    return gain >= 0;
  }

  /// Moves everyone whose wish still pays and locks them for one iteration; returns how many moved on all ranks.
  int64_t grant_wishes() {
    for (size_t row = 0; row < is_locked_.size(); ++row) {
      const Wish& wish = wishes_[row];
      is_locked_[row] = wish.target != kNoPart && still_pays(static_cast<int64_t>(row), wish) ? 1 : 0;
    }
    for (size_t row = 0; row < is_locked_.size(); ++row) {
      if (is_locked_[row]) state_.move(static_cast<int64_t>(row), wishes_[row].target);
    }
    return state_.commit();
  }

  const comm::Communicator& comm_;
  PartState& state_;
  const DistributedGraph& graph_;
  const JetOptions& options_;
  PartConnections connections_;
  std::vector<Wish> wishes_;        // [local]
  std::vector<uint8_t> is_locked_;  // [owned] moved in the last iteration
};

}  // namespace

Quality refine_by_jet(const comm::Communicator& comm, PartState& state, const JetOptions& options) {
  return Jet(comm, state, options).run();
}

}  // namespace gigahop::partition
