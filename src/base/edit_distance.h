/// How far apart two words are in spelling, for what a misspelt one may have meant.
#pragma once

#include <cstddef>
#include <string_view>

namespace gigahop {

/// Insertions, deletions and replacements of bytes, and swaps of neighbours, between two words (optimal string
/// alignment: no byte is touched twice). Pure. Cost: product of the lengths.
size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace gigahop
