/// MATLAB files, in the layout of snap_patents.mat. What is fuzzed is that a file which matio does not survive, or
/// takes too much memory for, becomes an error: matio reads it first in a process of its own.
#include "importing.h"

using namespace gigahop;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto path = fuzz::write_input("graph.mat", fuzz::as_text(data, size));
  fuzz::expect_dataset_or_error(
      [&](const dataset::Destination& destination) {
        dataset::import_mat({.file = path, .label_quantiles = 2}, destination);
      },
      "graph.mat");
  return 0;
}
