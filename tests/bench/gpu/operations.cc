#include "operations.h"

#include "device_time.h"
#include "ops/adam.h"
#include "ops/batch_norm.h"
#include "ops/cross_entropy.h"
#include "ops/dropout.h"
#include "ops/global_attention.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "ops/local_encoder.h"
#include "ops/nearest_codeword.h"
#include "ops/rows.h"
#include "ops/stored_rows.h"
#include "ops/vector.h"

namespace gigahop::bench {
namespace {

using Rows = Matrix<float, Cuda>;

constexpr double kFloatBytes = 4;
constexpr int64_t kStoredPerTaken = 4;  // rows of the store that rows are gathered from
constexpr int64_t kAdamElements = 2 * 1000 * 1000;

double size(double rows, int64_t cols) {
  return rows * static_cast<double>(cols);
}

double size(int64_t rows, int64_t cols) {
  return size(static_cast<double>(rows), cols);
}

template <class T>
VectorView<T, Cuda> vector_of(Matrix<T, Cuda>& row) {
  return {row.data(), row.cols()};
}

class Bench {
 public:
  Bench(Cuda& dev, int repeats, const Extents& extents)
      : dev_(dev), repeats_(repeats), extents_(extents), shape_(extents.model), batch_(dev, extents) {}

  std::vector<MeasuredOperation> run() {
    gathers();
    affine_map("linear, tokens, F to H", shape_.feature_width, shape_.hidden_width);
    affine_map("linear, tokens, H to H", shape_.hidden_width, shape_.hidden_width);
    affine_map("linear, tokens, H to 3 A H", shape_.hidden_width, 3 * shape_.attention_width());
    token_rows();
    local_encoder();
    batch_norm();
    global_attention();
    nearest_codeword();
    cross_entropy();
    adam();
    return std::move(measured_);
  }

 private:
  template <class Run>
  void measure(const std::string& name, double bytes, double operations, const Run& run) {
    measured_.push_back({name, device_seconds(dev_, repeats_, run), bytes, operations});
  }
  Rows random(int64_t rows, int64_t cols) { return random_rows(dev_, rows, cols, ++tag_); }

  void gathers() {
    const int64_t rows = extents_.num_nodes;
    const int64_t cols = 3 * shape_.feature_width;
    const Rows store = random(kStoredPerTaken * rows, cols);
    std::vector<int64_t> index;
    for (int64_t r = 0; r < rows; ++r) {
      index.push_back(static_cast<int64_t>(random_bits({3}, Purpose::kTest, 0, static_cast<uint64_t>(r), 0) %
                                           static_cast<uint64_t>(store.rows())));
    }
    const Buffer<int64_t, Cuda> places = on_device(dev_, index);
    Rows found(rows, cols);
    measure("gather of token rows", 2 * kFloatBytes * size(rows, cols), 0, [&] {
      ops::gather_stored_rows<float, Cuda>(dev_, {store.view(), {}, {}}, {places.data(), places.size()}, found);
    });
  }

  void affine_map(const std::string& name, int64_t in, int64_t out) {
    const int64_t rows = extents_.num_tokens();
    const Rows x = random(rows, in);
    const Rows weight = random(out, in);
    Rows bias = random(1, out);
    Rows y = random(rows, out);
    Rows dx(rows, in);
    Rows dweight(out, in);
    Rows dbias(1, out);
    const double bytes = kFloatBytes * (size(rows, in) + size(rows, out) + size(out, in));
    const double operations = 2 * size(size(rows, in), out);
    measure(name, bytes, operations, [&] { ops::linear<Cuda>(dev_, x, weight, vector_of(bias), y); });
    measure(name + ", gradient of rows", bytes, operations,
            [&] { ops::linear_backward_input<Cuda>(dev_, y, weight, ops::Write::kOverwrite, dx); });
    measure(name + ", of parameters", bytes, operations, [&] {
      ops::linear_backward_parameters<Cuda>(dev_, y, x, ops::Write::kOverwrite, dweight, vector_of(dbias));
    });
  }

  void token_rows() {
    const int64_t rows = extents_.num_tokens();
    const int64_t cols = shape_.hidden_width;
    const Rows x = random(rows, cols);
    Rows y(rows, cols);
    Rows dx(rows, cols);
    Rows gain = random(1, cols);
    Rows shift = random(1, cols);
    const double pass = kFloatBytes * size(rows, cols);
    const ops::Dropout dropout = {.key = {1}, .purpose = Purpose::kTest, .probability = shape_.dropout_feed_forward};
    measure("relu and dropout of tokens", 2 * pass, 0,
            [&] { ops::relu_drop_rows<Cuda>(dev_, x, dropout, batch_.input().node_ids, 3, y); });
    measure("relu and dropout, gradient", 3 * pass, 0,
            [&] { ops::relu_drop_rows_backward<Cuda>(dev_, x, y, dropout.probability, dx); });
    measure("layer norm of tokens", 2 * pass, 0,
            [&] { ops::layer_norm<Cuda>(dev_, x, vector_of(gain), vector_of(shift), y); });
    measure("layer norm, gradients", 3 * pass, 0, [&] {
      ops::layer_norm_backward<Cuda>(dev_, x, vector_of(gain), y, dx, vector_of(gain), vector_of(shift));
    });
  }

  /// Rows of nodes are read and written once; each token of each seed is computed.
  void local_encoder() {
    const int64_t rows = extents_.num_tokens();
    const int64_t width = shape_.attention_width();
    const Rows query = random(rows, width);
    const Rows key = random(rows, width);
    const Rows value = random(rows, width);
    const Rows residual = random(rows, width);
    const Rows weight = random(width, width);
    Rows vectors[] = {random(1, width), random(1, width), random(1, width), random(1, width)};
    const ops::EncoderParameters<Cuda> parameters = {weight, vector_of(vectors[0]), vector_of(vectors[1]),
                                                     vector_of(vectors[2]), vector_of(vectors[3])};
    ops::EncoderOptions options;
    options.num_heads = shape_.num_heads;
    options.inner = {.key = {1}, .purpose = Purpose::kDropoutEncoderInner, .probability = shape_.dropout_encoder};
    options.outer = {.key = {1}, .purpose = Purpose::kDropoutEncoderOuter, .probability = shape_.dropout_encoder};
    const model::ModelInput<Cuda> input = batch_.input();
    const ops::SampleLists<Cuda> lists = {input.seed_ids, input.sample_offsets, input.sample_nodes, input.sample_counts,
                                          input.host_sample_offsets};
    Rows out = random(extents_.num_seeds, width);
    Rows drows[] = {Rows(rows, width), Rows(rows, width), Rows(rows, width), Rows(rows, width)};
    Rows dweight(width, width);
    Rows dvectors[] = {Rows(1, width), Rows(1, width), Rows(1, width), Rows(1, width)};
    const ops::EncoderRows<Cuda> encoder_rows = {query, key, value, residual};
    const double tokens = size(extents_.num_seeds, extents_.tokens_of_seed());
    const double attention = size(size(tokens, extents_.tokens_of_seed()), width);
    const double projection = size(size(tokens, width), width);
    const double pass = kFloatBytes * size(rows, width);
    measure("local encoder", 4 * pass, 2 * (2 * attention + projection),
            [&] { ops::local_encoder<Cuda>(dev_, lists, encoder_rows, parameters, options, out); });
    measure("local encoder, gradients", 8 * pass, 2 * (6 * attention + 3 * projection), [&] {
      ops::local_encoder_backward<Cuda>(
          dev_, lists, encoder_rows, parameters, options, out, {drows[0], drows[1], drows[2], drows[3]},
          {dweight, vector_of(dvectors[0]), vector_of(dvectors[1]), vector_of(dvectors[2]), vector_of(dvectors[3])});
    });
  }

  void batch_norm() {
    const int64_t rows = extents_.num_seeds;
    const int64_t cols = shape_.attention_width();
    const Rows x = random(rows, cols);
    Rows y(rows, cols);
    Rows gain = random(1, cols);
    Matrix<double, Cuda> sums(1, cols);
    const double pass = kFloatBytes * size(rows, cols);
    measure("column sums of seeds", pass, 0, [&] { ops::column_sums<Cuda>(dev_, x, vector_of(sums)); });
    measure("batch norm of seeds", 2 * pass, 0, [&] {
      ops::batch_norm_apply<Cuda>(dev_, x, vector_of(sums), vector_of(sums), vector_of(gain), vector_of(gain), y);
    });
  }

  void global_attention() {
    const int64_t seeds = extents_.num_seeds;
    const int64_t codewords = shape_.num_codewords;
    const int64_t width = shape_.attention_width();
    const Rows query = random(seeds, width);
    const Rows keys = random(codewords, width);
    const Rows values = random(codewords, width);
    const Buffer<int64_t, Cuda> histogram = on_device(dev_, std::vector<int64_t>(static_cast<size_t>(codewords), 3));
    const VectorView<const int64_t, Cuda> counts(histogram.data(), codewords);
    Rows out = random(seeds, width);
    Rows dquery(seeds, width);
    Rows dkeys(codewords, width);
    Rows dvalues(codewords, width);
    const double operations = 2 * size(size(seeds, codewords), width);
    const double pass = kFloatBytes * (size(seeds, width) + size(codewords, width));
    measure("global attention", 2 * pass, 2 * operations,
            [&] { ops::global_attention<Cuda>(dev_, shape_.num_heads, query, keys, values, counts, out); });
    measure("global attention, gradients", 4 * pass, 5 * operations, [&] {
      ops::global_attention_backward<Cuda>(dev_, shape_.num_heads, query, keys, values, counts, out, dquery, dkeys,
                                           dvalues);
    });
  }

  void nearest_codeword() {
    const int64_t width = 2 * shape_.positional_width;
    const Rows rows = random(extents_.num_seeds, width);
    const Rows codewords = random(shape_.num_codewords, width);
    Buffer<int32_t, Cuda> codes(extents_.num_seeds);
    measure("nearest codeword", kFloatBytes * (size(extents_.num_seeds, width) + size(shape_.num_codewords, width)),
            2 * size(size(extents_.num_seeds, shape_.num_codewords), width), [&] {
              ops::nearest_codeword<Cuda>(dev_, rows, codewords, {codes.data(), codes.size()});
            });
  }

  void cross_entropy() {
    const Rows logits = random(extents_.num_seeds, shape_.num_classes);
    Rows dlogits(extents_.num_seeds, shape_.num_classes);
    Buffer<ops::CrossEntropy, Cuda> result(1);
    measure("cross-entropy with gradient", 2 * kFloatBytes * size(extents_.num_seeds, shape_.num_classes), 0, [&] {
      ops::cross_entropy<Cuda>(dev_, logits, batch_.labels(), 1e-3, dlogits, {result.data(), 1});
    });
  }

  /// Of a size near that of the model's parameters.
  void adam() {
    Rows values[] = {random(1, kAdamElements), random(1, kAdamElements), Rows(1, kAdamElements),
                     Rows(1, kAdamElements)};
    set_to_zero(dev_, vector_of(values[2]));
    set_to_zero(dev_, vector_of(values[3]));
    Buffer<double, Cuda> square_sum(1);
    const double pass = kFloatBytes * static_cast<double>(kAdamElements);
    measure("sum of squares, 2 M elements", pass, 0, [&] {
      ops::sum_of_squares<Cuda>(dev_, vector_of(values[1]), {square_sum.data(), 1});
    });
    measure("Adam, 2 M elements", 7 * pass, 0, [&] {
      ops::adam<Cuda>(dev_, {}, 1, {square_sum.data(), 1}, vector_of(values[1]), vector_of(values[2]),
                      vector_of(values[3]), vector_of(values[0]));
    });
  }

  Cuda& dev_;
  int repeats_;
  Extents extents_;
  model::ModelShape shape_;
  Batch<Cuda> batch_;
  uint64_t tag_ = 100;
  std::vector<MeasuredOperation> measured_;
};

}  // namespace

std::vector<MeasuredOperation> measure_operations(Cuda& dev, int repeats, const Extents& extents) {
  return Bench(dev, repeats, extents).run();
}

}  // namespace gigahop::bench
