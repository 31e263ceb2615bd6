/// Edge lists.
#include "importing.h"

using namespace gigahop;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = fuzz::as_text(data, size);
  if (fuzz::is_for_another_program(bytes)) return 0;
  const auto path = fuzz::write_input("edges.txt", bytes);
  fuzz::expect_dataset_or_error(
      [&](const dataset::Destination& destination) { dataset::import_edges({.edges = path}, destination); },
      "edges.txt");
  return 0;
}
