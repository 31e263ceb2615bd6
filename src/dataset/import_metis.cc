#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"
#include "dataset/attributes.h"
#include "dataset/edge_source.h"
#include "dataset/fields.h"
#include "dataset/import.h"

namespace gigahop::dataset {
namespace {

constexpr char kManual[] = "see the graph file format in the manual of METIS";

struct MetisHeader {
  int64_t num_nodes = 0;
  int64_t num_edges = 0;            // undirected
  int64_t fields_before_edges = 0;  // size and weights of the node
  bool has_edge_weights = false;
};

/// The next line that is no comment.
bool next_line(LineReader& reader, std::string_view& line) {
  while (reader.next(line)) {
    if (!line.starts_with('%')) return true;
  }
  return false;
}

/// fmt is up to three digits of 0 and 1: node sizes, node weights, edge weights.
void apply_format(std::string_view format, int64_t num_weights, const LineReader& reader, MetisHeader& header) {
  if (format.size() > 3 || format.find_first_not_of("01") != std::string_view::npos) {
    throw data_error(reader.place(), "fmt as up to three digits of 0 and 1", quoted(format), kManual);
  }
  const std::string digits = std::string(3 - format.size(), '0') + std::string(format);
  header.fields_before_edges = (digits[0] == '1' ? 1 : 0) + (digits[1] == '1' ? num_weights : 0);
  header.has_edge_weights = digits[2] == '1';
}

MetisHeader read_header(LineReader& reader) {
  std::string_view line;
  if (!next_line(reader, line)) throw data_error(reader.name(), "a header `n m [fmt [ncon]]`", "no line", kManual);
  MetisHeader header;
  header.num_nodes = parse_integer(take_field(line), reader);
  header.num_edges = parse_integer(take_field(line), reader);
  if (header.num_nodes < 1 || header.num_nodes > kMaxNodes) {
    throw data_error(reader.place(), "at least one node", fmt::format("{}", header.num_nodes));
  }
  if (header.num_edges < 1) throw data_error(reader.place(), "at least one edge", fmt::format("{}", header.num_edges));
  const std::string_view format = take_field(line);
  const std::string_view weights = take_field(line);
  const int64_t num_weights = weights.empty() ? 1 : parse_integer(weights, reader);
  if (num_weights < 0 || num_weights > 1000) {
    throw data_error(reader.place(), "ncon from 0 to 1000", fmt::format("{}", num_weights), kManual);
  }
  if (!take_field(line).empty())
    throw data_error(reader.place(), "at most four numbers in the header", "more", kManual);
  apply_format(format, num_weights, reader, header);
  return header;
}

/// The neighbours on the line of `node`; returns how many.
int64_t read_neighbours(std::string_view line, int64_t node, const MetisHeader& header, const LineReader& reader,
                        EdgeBatch& batch) {
  for (int64_t i = 0; i < header.fields_before_edges; ++i) parse_integer(take_field(line), reader);
  int64_t count = 0;
  for (std::string_view field = take_field(line); !field.empty(); field = take_field(line)) {
    const int64_t neighbour = parse_integer(field, reader);
    if (neighbour < 1 || neighbour > header.num_nodes) {
      throw data_error(reader.place(), fmt::format("a neighbour from 1 to {}", header.num_nodes),
                       fmt::format("{}", neighbour));
    }
    if (header.has_edge_weights) parse_integer(take_field(line), reader);
    batch.add(node, neighbour - 1);
    ++count;
  }
  return count;
}

void copy_graph(LineReader& reader, const MetisHeader& header, DatasetWriter& writer) {
  EdgeBatch batch(writer, reader.name());
  Progress progress("nodes", "nodes", header.num_nodes);
  int64_t num_ends = 0;
  std::string_view line;
  for (int64_t node = 0; node < header.num_nodes; ++node) {
    if (!next_line(reader, line)) {
      throw data_error(reader.name(), fmt::format("{} lines of nodes, as the header says", header.num_nodes),
                       fmt::format("{}", node), "the file is truncated, or the header wrong");
    }
    num_ends += read_neighbours(line, node, header, reader, batch);
    progress.advance(1);
  }
  batch.flush();
  progress.finish();
  while (next_line(reader, line)) {
    if (take_field(line).empty()) continue;
    throw data_error(reader.place(), fmt::format("the end after {} nodes, as the header says", header.num_nodes),
                     "another line");
  }
  if (num_ends != 2 * header.num_edges) {
    throw data_error(
        reader.name(),
        fmt::format("{} neighbours, twice the {} edges of the header", 2 * header.num_edges, header.num_edges),
        fmt::format("{}", num_ends), "every edge stands on the lines of both its ends");
  }
}

}  // namespace

ImportSummary import_metis(const MetisOptions& options, const Destination& destination) {
  DatasetWriter writer(destination, Direction::kUndirected, options.nan);
  LineReader reader(options.graph);
  const MetisHeader header = read_header(reader);
  writer.set_num_nodes(header.num_nodes, reader.name());
  copy_attributes(options.attributes, writer);
  copy_graph(reader, header, writer);
  return writer.finish();
}

}  // namespace gigahop::dataset
