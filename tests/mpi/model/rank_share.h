/// How the tests cut a batch of seeds over ranks.
#pragma once

#include <cstdint>

#include "comm/communicator.h"

namespace gigahop {

enum class Split {
  kEven,       // as even as it goes
  kAllOnLast,  // the others have no seed
  kNotOnFirst  // rank 0 has none, the others share evenly; on one rank as kEven
};

struct Share {
  int64_t first = 0;
  int64_t count = 0;
};

inline Share share_of(const comm::Communicator& comm, Split split, int64_t num_seeds) {
  const int64_t skipped = comm.size() == 1             ? 0
                          : split == Split::kAllOnLast ? comm.size() - 1
                                                       : split == Split::kNotOnFirst;
  const int64_t among = comm.size() - skipped;
  const int64_t place = comm.rank() - skipped;
  if (place < 0) return {};
  const int64_t first = num_seeds * place / among;
  return {.first = first, .count = num_seeds * (place + 1) / among - first};
}

}  // namespace gigahop
