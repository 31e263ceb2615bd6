/// What the local encoder does to each token of a chunk after attention: dropout, residual, norm and read-out, and
/// back.
///
/// Letters as in local_encoder.h; T tokens of the chunk. With x the normalised rows, o = gain x + shift, and of w · o
/// only w gain x counts in a softmax.
#pragma once

#include "ops/cuda/encoder_lists.h"
#include "ops/linear.h"

namespace gigahop::ops::cuda {

/// Where a token comes from.
struct TokenPlace {
  int32_t seed;   // of the chunk
  int32_t token;  // of its list
  int32_t row;    // of the batch
};

/// Arrays [T] of a chunk's tokens.
struct TokenNumbers {
  TokenPlace* places;
  float* inverse_deviations;
  float* scores;      // w gain · x
  float* weights;     // alpha: softmax over a list of scores + log counts, without the seed's leading place
  float* along_dout;  // gain dout · x
  float* dscores;     // alpha (along_dout - the list's mean of it)
};

class EncoderTokens {
 public:
  EncoderTokens(Cuda& dev, CudaScratch& scratch, const SampleLists<Cuda>& lists, const EncoderChunk& chunk,
                const EncoderParameters<Cuda>& parameters, const EncoderOptions& options);

  /// projected [T, W] = z becomes x. dout [B, W] of all seeds, or empty: then nothing is made ready for the way back.
  void normalise(In<Cuda> residual, In<Cuda> dout, Out<Cuda> projected);
  /// out [B, W] of all seeds: those of the chunk are overwritten.
  void read_out(In<Cuda> normal, Out<Cuda> out);
  /// Gradients of gain and read-out. write: whether these are the first.
  void backward_parameters(In<Cuda> normal, In<Cuda> dout, Write write, OutVector<Cuda> gain, OutVector<Cuda> readout);
  /// x becomes the gradient of z; dresidual [T, W] of each token, overwritten.
  void backward_rows(In<Cuda> dout, Out<Cuda> normal, Out<Cuda> dresidual);

  static int64_t bytes_of_token();

 private:
  /// The chunk's rows of a matrix of all seeds; an empty one stays empty.
  template <class View>
  View of_chunk(View x) const {
    return x.rows == 0 ? x : x.row_range(chunk_.first_seed, chunk_.num_seeds);
  }

  Cuda& dev_;
  const EncoderChunk& chunk_;
  EncoderLists lists_;
  const EncoderParameters<Cuda>& parameters_;
  const EncoderOptions& options_;
  TokenNumbers numbers_;
};

}  // namespace gigahop::ops::cuda
