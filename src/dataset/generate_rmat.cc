#include <bit>

#include <fmt/format.h>

#include "base/error.h"
#include "dataset/generator.h"
#include "dataset/import.h"

namespace gigahop::dataset {
namespace {

/// A bijection of [0, 2^bits): multiplications by odd numbers and shifted exclusive-ors, each of which has an inverse.
class Scrambling {
 public:
  Scrambling(int bits, uint64_t seed) : shift_(std::max(1, bits / 2)), mask_((uint64_t{1} << bits) - 1) {
    for (size_t round = 0; round < kRounds; ++round) {
      factors_[round] = scatter(seed + round + 1) | 1;
      inverses_[round] = inverse(factors_[round]);
    }
  }

  int64_t id_of(int64_t position) const {
    auto x = static_cast<uint64_t>(position);
    for (const uint64_t factor : factors_) {
      x = x * factor & mask_;
      x ^= x >> shift_;
    }
    return static_cast<int64_t>(x);
  }
  int64_t position_of(int64_t id) const {
    auto x = static_cast<uint64_t>(id);
    for (size_t round = kRounds; round-- > 0;) {
      uint64_t undone = x;
      for (int known = shift_; known < 64; known += shift_) undone = x ^ undone >> shift_;
      x = undone * inverses_[round] & mask_;
    }
    return static_cast<int64_t>(x);
  }

 private:
  static constexpr size_t kRounds = 3;

  /// Of an odd number modulo 2^64, by Newton's iteration: each step doubles the number of right bits.
  static uint64_t inverse(uint64_t odd) {
    uint64_t x = odd;
    for (int i = 0; i < 6; ++i) x *= 2 - odd * x;
    return x;
  }

  int shift_;
  uint64_t mask_;
  std::array<uint64_t, kRounds> factors_ = {};
  std::array<uint64_t, kRounds> inverses_ = {};
};

/// Quadrants of the adjacency matrix as ranges of a random word.
struct Quadrants {
  uint64_t a, b, c;  // upper ends: [0, a), [a, b), [b, c), [c, 2^32)
};

Quadrants quadrants_of(const RmatOptions& options) {
  constexpr double kWords = 0x1p32;
  return {static_cast<uint64_t>(options.a * kWords), static_cast<uint64_t>((options.a + options.b) * kWords),
          static_cast<uint64_t>((options.a + options.b + options.c) * kWords)};
}

/// Positions of both ends, one bit of each per random word.
EdgeEnds draw_positions(RandomKey key, const Quadrants& quadrants, int bits, int64_t edge) {
  EdgeEnds ends;
  RandomWords words = {};
  for (int bit = 0; bit < bits; ++bit) {
    if (bit % 4 == 0) words = generator_words(key, Stream::kEdge, edge, bit / 4);
    const uint64_t word = words[static_cast<size_t>(bit % 4)];
    ends.source = ends.source << 1 | (word >= quadrants.b ? 1 : 0);
    ends.target = ends.target << 1 | ((word >= quadrants.a && word < quadrants.b) || word >= quadrants.c ? 1 : 0);
  }
  return ends;
}

void check_quadrants(const RmatOptions& options) {
  check_share("rmat_a", options.a);
  check_share("rmat_b", options.b);
  check_share("rmat_c", options.c);
  const double sum = options.a + options.b + options.c;
  if (sum > 1 + 1e-9) throw config_error("rmat_a + rmat_b + rmat_c", "at most 1", fmt::format("{}", sum));
}

}  // namespace

ImportSummary generate_rmat(const RmatOptions& given, const Destination& destination) {
  check_generator_options(given.common);
  check_quadrants(given);
  RmatOptions options = given;
  options.common.num_nodes = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(given.common.num_nodes)));
  const int bits = std::countr_zero(static_cast<uint64_t>(options.common.num_nodes));
  const Scrambling scrambling(bits, options.common.seed);
  const Quadrants quadrants = quadrants_of(options);
  DatasetWriter writer(destination, Direction::kUndirected, NanPolicy::kRefuse);
  const auto class_of = [&](int64_t node) { return scrambling.position_of(node) * options.common.num_classes >> bits; };
  write_generated_nodes(options.common, class_of, writer);
  write_generated_edges(options.common, num_edges_of(options.common), writer, [&](int64_t edge) {
    const EdgeEnds positions = draw_positions({options.common.seed}, quadrants, bits, edge);
    return EdgeEnds{scrambling.id_of(positions.source), scrambling.id_of(positions.target)};
  });
  return writer.finish();
}

}  // namespace gigahop::dataset
