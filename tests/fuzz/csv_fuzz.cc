/// Text tables of nodes, plain or gzip: the input as features, labels, a split and the numbers of an OGB folder.
#include "importing.h"

using namespace gigahop;

namespace {

namespace fs = std::filesystem;

/// An OGB folder that is whole but for node-feat.csv.gz.
fs::path make_ogb() {
  fs::create_directories(fuzz::scratch() / "ogb/raw");
  fs::create_directories(fuzz::scratch() / "ogb/split/time");
  fuzz::write_input("ogb/raw/edge.csv.gz", "0,1\n1,2\n");
  fuzz::write_input("ogb/raw/num-node-list.csv.gz", "3\n");
  fuzz::write_input("ogb/raw/num-edge-list.csv.gz", "2\n");
  fuzz::write_input("ogb/raw/node-label.csv.gz", "0\n1\n1\n");
  fuzz::write_input("ogb/split/time/train.csv.gz", "0\n");
  fuzz::write_input("ogb/split/time/valid.csv.gz", "1\n");
  fuzz::write_input("ogb/split/time/test.csv.gz", "2\n");
  return fuzz::scratch() / "ogb";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const fs::path ogb = make_ogb();
  static const fs::path edges = fuzz::write_input("edges.txt", "0 1\n1 2\n");
  static const fs::path labels = fuzz::write_input("labels.csv", "0\n1\n1\n");
  const std::string_view bytes = fuzz::as_text(data, size);
  if (fuzz::is_for_another_program(bytes)) return 0;
  const fs::path input = fuzz::write_input("ogb/raw/node-feat.csv.gz", bytes);
  const auto import = [&](const dataset::AttributeFiles& files) {
    fuzz::expect_dataset_or_error(
        [&](const dataset::Destination& destination) {
          dataset::import_edges({.edges = edges, .attributes = files}, destination);
        },
        fuzz::scratch().string());
  };
  import({.features = input});
  import({.labels = input});
  import({.labels = labels, .train = input, .valid = input, .test = input});
  fuzz::expect_dataset_or_error(
      [&](const dataset::Destination& destination) { dataset::import_ogb({.folder = ogb}, destination); },
      fuzz::scratch().string());
  return 0;
}
