/// Rows of different lengths fetched from their owners in rounds of bounded size.
///
/// The rows that one rank sends another form one stream, cut every `budget` elements, in the middle of a row if need
/// be. Both ends know the lengths, so nothing but the elements travels, and a hub's row never needs a buffer of its
/// size.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "comm/collectives.h"
#include "comm/communicator.h"
#include "comm/exchange.h"

namespace gigahop::sampler {

struct RaggedPlan {
  comm::RowPlan rows;
  std::vector<std::vector<int64_t>> send_lengths;     // [R] as rows.send_rows
  std::vector<std::vector<int64_t>> receive_lengths;  // [R] as rows.receive_places
};

/// length_of_row(row of mine), length_of_place(place in my list): in elements; both ends must agree. Pure.
template <class LengthOfRow, class LengthOfPlace>
RaggedPlan plan_ragged(comm::RowPlan rows, LengthOfRow length_of_row, LengthOfPlace length_of_place) {
  RaggedPlan plan;
  plan.send_lengths.resize(rows.send_rows.size());
  plan.receive_lengths.resize(rows.receive_places.size());
  for (size_t r = 0; r < rows.send_rows.size(); ++r) {
    for (const int64_t row : rows.send_rows[r]) plan.send_lengths[r].push_back(length_of_row(row));
    for (const int64_t place : rows.receive_places[r]) plan.receive_lengths[r].push_back(length_of_place(place));
  }
  plan.rows = std::move(rows);
  return plan;
}

/// The most elements that one rank may send another in a round, so that all together keep to `round_elements`. Pure.
inline int64_t elements_per_pair(int64_t round_elements, int num_ranks) {
  return std::max<int64_t>(1, round_elements / num_ranks);
}

/// Rounds that this rank's longest stream needs. Pure.
int64_t num_rounds(const RaggedPlan& plan, int64_t budget);

/// Elements [begin, begin + count) of the row at `index` of a list of rows.
struct Segment {
  size_t index;
  int64_t begin;
  int64_t count;
};

/// Walks a list of rows in segments of at most so many elements together. Pure.
class SegmentCursor {
 public:
  explicit SegmentCursor(std::span<const int64_t> lengths) : lengths_(lengths) {}
  /// Calls use(segment) for the next `budget` elements, or what is left.
  template <class Use>
  void advance(int64_t budget, Use use) {
    while (budget > 0 && index_ < lengths_.size()) {
      const int64_t count = std::min(budget, lengths_[index_] - begin_);
      if (count > 0) use(Segment{index_, begin_, count});
      budget -= count;
      begin_ += count;
      if (begin_ == lengths_[index_]) {
        ++index_;
        begin_ = 0;
      }
    }
  }

 private:
  std::span<const int64_t> lengths_;
  size_t index_ = 0;
  int64_t begin_ = 0;
};

/// Moves all rows of the plan. Per round: pack(row, begin, out) for what leaves here, take(place, begin, elements) for
/// what arrived, at most once per place, whose span lives until end_of_round() has returned.
/// Collective. Cost: one all-reduce; per round one all_to_all of at most `round_elements` elements out and in.
template <class T, class Pack, class Take, class EndOfRound>
void run_ragged(const comm::Communicator& comm, const RaggedPlan& plan, int64_t round_elements, Pack pack, Take take,
                EndOfRound end_of_round) {
  const int64_t budget = elements_per_pair(round_elements, comm.size());
  const int64_t rounds = comm::max_over_ranks(comm, num_rounds(plan, budget));
  std::vector<SegmentCursor> sending(plan.send_lengths.begin(), plan.send_lengths.end());
  std::vector<SegmentCursor> receiving(plan.receive_lengths.begin(), plan.receive_lengths.end());
  for (int64_t round = 0; round < rounds; ++round) {
    std::vector<std::vector<T>> messages(sending.size());
    for (size_t r = 0; r < sending.size(); ++r) {
      sending[r].advance(budget, [&](const Segment& segment) {
        const size_t old_size = messages[r].size();
        messages[r].resize(old_size + static_cast<size_t>(segment.count));
        pack(plan.rows.send_rows[r][segment.index], segment.begin, std::span(messages[r]).subspan(old_size));
      });
    }
    const comm::ReceivedValues<T> received = comm::all_to_all(comm, messages);
    for (size_t r = 0; r < receiving.size(); ++r) {
      std::span<const T> left = received.from(static_cast<int>(r));
      receiving[r].advance(static_cast<int64_t>(left.size()), [&](const Segment& segment) {
        take(plan.rows.receive_places[r][segment.index], segment.begin, left.first(static_cast<size_t>(segment.count)));
        left = left.subspan(static_cast<size_t>(segment.count));
      });
    }
    end_of_round();
  }
}

}  // namespace gigahop::sampler
