/// A batch without one of the things that make a step fast, and as the paper's own code would have it.
#pragma once

#include <filesystem>

#include "sampler/mini_batch.h"

namespace gigahop::bench {

/// Every sample entry has token rows of its own: nothing is shared between seeds.
sampler::MiniBatch without_shared_tokens(const sampler::MiniBatch& batch);

/// A node that stands c times in a sample is c entries of count 1, so that every list has K entries.
sampler::MiniBatch without_counts(const sampler::MiniBatch& batch);

/// sequences.npy [B, K] int64, which count from 0 through nodes.npy [U, 3, F]; labels.npy [B] int64; positional.npy
/// [B, G].
void write_arrays(const std::filesystem::path& folder, const sampler::MiniBatch& batch);

}  // namespace gigahop::bench
