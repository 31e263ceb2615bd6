/// What a step does to the codebook of the global attention (src/model/codebook.h), on the device that holds it.
///
/// Letters: M codewords of width W, B seeds. came, left [M]: how many seeds of all ranks now have a codeword, and how
/// many had it before the step.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "tensor/arguments.h"

namespace gigahop::ops {

/// embedding [M, W] = codewords [M, W] sqrt(variance + kNormEpsilon) + mean; mean, variance [W].
template <class Device>
void embed_codewords(Device& dev, In<Device> codewords, InVector<Device> mean, InVector<Device> variance,
                     Out<Device> embedding);

/// taken [B] = codes[nodes[b]]: of the codes of all nodes of a rank, those of a step's seeds [B].
template <class Device>
void take_codes(Device& dev, VectorOf<Device, const uint16_t> codes, VectorOf<Device, const LocalId> nodes,
                VectorOf<Device, int32_t> taken);

/// codes[nodes[b]] = given[b]; nodes [B] are distinct.
template <class Device>
void put_codes(Device& dev, VectorOf<Device, const int32_t> given, VectorOf<Device, const LocalId> nodes,
               VectorOf<Device, uint16_t> codes);

/// counts [M]: 1 is added for each of codes [B].
///
/// Errors Error{kInternal}, on devices whose memory is the host's, for a code that names no codeword
template <class Device>
void count_codes(Device& dev, VectorOf<Device, const int32_t> codes, OutVector<Device> counts);

struct CodebookDecay {
  double decay = 0.99;
  double smoothing = 1e-5;
};

/// Moving averages: sizes [M], then smoothed so that none is 0, and sums [M, W] move to came [M] and arrived [M, W] by
/// 1 - decay of the way; codewords [M, W] = sums / sizes.
template <class Device>
void move_codewords(Device& dev, const CodebookDecay& options, In<Device> arrived, InVector<Device> came,
                    OutVector<Device> sizes, Out<Device> sums, Out<Device> codewords);

/// histogram [M] as `stored` [M] has it. The integers are the truth as long as the stored numbers, which have 24 bits,
/// are their rounding; a checkpoint that was loaded since then has changed the stored numbers.
template <class Device>
void read_histogram(Device& dev, InVector<Device> stored, VectorOf<Device, int64_t> histogram);

/// histogram [M] += came - left, and stored [M] with it.
template <class Device>
void move_histogram(Device& dev, InVector<Device> came, InVector<Device> left, VectorOf<Device, int64_t> histogram,
                    OutVector<Device> stored);

}  // namespace gigahop::ops
