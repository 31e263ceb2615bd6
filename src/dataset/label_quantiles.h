/// Classes out of an ordered quantity: so many intervals with equal numbers of nodes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gigahop::dataset {

/// [N] class of each value: the number of quantiles k / num_classes (0 < k < num_classes) that are at most the value.
/// Quantiles lie between order statistics by linear interpolation, as numpy.quantile has them. NaN becomes -1. Pure.
/// Source: even_quantile_labels of Lim et al., "Large Scale Learning on Non-Homophilous Graphs", NeurIPS 2021
std::vector<int64_t> label_by_quantiles(std::span<const double> values, int64_t num_classes);

}  // namespace gigahop::dataset
