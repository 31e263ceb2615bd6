/// One part as a text file that other tools read.
#pragma once

#include <cstdint>
#include <filesystem>

namespace gigahop::graph {

/// kEdges  "source target", original ids, a line for each adjacency entry of the part's own nodes; those that leave the
///         part are among them. In an undirected graph an edge within the part stands in both directions.
/// kMetis  the graph of the part's own nodes and the edges among them, as METIS and KaHIP read it: node i + 1 is row i
///         of the part's original_ids.npy
enum class ExportFormat { kEdges, kMetis };

/// Edges written, each counted as often as it stands in the file (kMetis: once). The file gets its name when complete.
/// Memory does not grow with the part: rows are written as they are read.
/// Errors: Error{kConfig} for a part that is none, and kMetis of a directed graph; Error{kData} for a damaged shard.
int64_t export_part(const std::filesystem::path& partition_folder, int64_t part, ExportFormat format,
                    const std::filesystem::path& file);

}  // namespace gigahop::graph
