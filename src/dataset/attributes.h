/// Features, labels, splits, positional encodings and names of nodes, from a text file or from an array, into a
/// DatasetWriter in bounded memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "dataset/array_stream.h"
#include "dataset/dataset_writer.h"
#include "dataset/line_reader.h"

namespace gigahop::dataset {

/// [N, F] (or [N]: one column). float16 and float32 are kept, other numbers become float32.
void copy_features(ArrayStream stream, DatasetWriter& writer);
/// One line per node with as many numbers as the first has; column titles in the first line are skipped.
void copy_features(LineReader reader, DatasetWriter& writer);

/// [N] or [N, 1], integers or floats with whole values; NaN = unlabelled.
void copy_labels(ArrayStream stream, DatasetWriter& writer);
/// One line per node with one class.
void copy_labels(LineReader reader, DatasetWriter& writer);

/// Which row or column of a matrix of masks to take.
using MaskIndex = std::optional<int64_t>;
/// A mask (bool or one byte: 0 or 1) or ids (wider integers). With an index, row `index` of [R, N] or column `index` of
/// [N, R].
void copy_split(ArrayStream stream, MaskIndex mask, Split split, DatasetWriter& writer);
/// One node id a line.
void copy_split(LineReader reader, Split split, DatasetWriter& writer);

/// [N, G] float32. An empty path is nothing to copy.
void copy_positional(const std::filesystem::path& path, DatasetWriter& writer);

/// One name a line, in the order of the nodes. An empty path is nothing to copy.
void copy_names(const std::filesystem::path& path, DatasetWriter& writer);

/// .npy and text are told apart by the name's end.
void copy_attributes(const AttributeFiles& files, DatasetWriter& writer);

}  // namespace gigahop::dataset
