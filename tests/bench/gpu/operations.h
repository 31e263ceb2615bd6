/// Each operation that takes time in a step, with the extents it has there.
#pragma once

#include <string>
#include <vector>

#include "batch.h"

namespace gigahop::bench {

struct MeasuredOperation {
  std::string name;
  double seconds = 0;
  double bytes = 0;       // that must be read or written at least, each once
  double operations = 0;  // floating point, of products; 0 where there is none
};

std::vector<MeasuredOperation> measure_operations(Cuda& dev, int repeats, const Extents& extents);

}  // namespace gigahop::bench
