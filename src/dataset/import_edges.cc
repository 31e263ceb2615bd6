#include "base/error.h"
#include "dataset/attributes.h"
#include "dataset/edge_source.h"
#include "dataset/import.h"

namespace gigahop::dataset {

ImportSummary import_edges(const EdgesOptions& options, const Destination& destination) {
  DatasetWriter writer(destination, options.direction, options.nan);
  if (options.num_nodes != 0) writer.set_num_nodes(options.num_nodes, "the number of nodes given");
  copy_attributes(options.attributes, writer);
  if (options.edges.extension() == ".npy") {
    copy_edges(ArrayStream::open_npy(options.edges), EdgeLayout::kRows, writer);
  } else {
    copy_edges(LineReader(options.edges), writer);
  }
  return writer.finish();
}

}  // namespace gigahop::dataset
