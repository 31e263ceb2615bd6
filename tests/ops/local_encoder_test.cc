/// The local encoder.
#include "ops/local_encoder.h"

#include "ops/support.h"

namespace gigahop::ops {
namespace {

/// Lists of random length up to max_entries; the first node of a list is its seed.
struct Lists {
  std::vector<OriginalId> seed_ids;
  std::vector<int32_t> offsets = {0};
  std::vector<int32_t> nodes;
  std::vector<int32_t> counts;

  Lists(int64_t num_seeds, int64_t num_nodes, int64_t max_entries, int32_t max_count) {
    for (int64_t b = 0; b < num_seeds; ++b) {
      const auto draw = [&](uint32_t i, int64_t below) {
        return static_cast<int32_t>(random_bits({2}, Purpose::kTest, 0, static_cast<uint64_t>(b), i) % below);
      };
      seed_ids.emplace_back(b * 31 + 5);
      const int64_t length = b == 2 ? 0 : b == 0 ? max_entries : 1 + draw(0, max_entries);
      const int32_t first = draw(1, num_nodes);
      for (int64_t i = 0; i < length; ++i) {
        nodes.push_back(static_cast<int32_t>((first + i) % num_nodes));
        counts.push_back(1 + draw(static_cast<uint32_t>(2 + i), max_count));
      }
      offsets.push_back(static_cast<int32_t>(nodes.size()));
    }
  }
};

template <class Device>
struct DeviceLists {
  DeviceVector<Device, OriginalId> seed_ids;
  DeviceVector<Device, int32_t> offsets, nodes, counts;
  std::span<const int32_t> host_offsets;

  explicit DeviceLists(const Lists& lists)
      : seed_ids(lists.seed_ids),
        offsets(lists.offsets),
        nodes(lists.nodes),
        counts(lists.counts),
        host_offsets(lists.offsets) {}
  SampleLists<Device> view() const { return {seed_ids, offsets, nodes, counts, host_offsets}; }
};

struct EncoderCase {
  int64_t num_seeds, num_nodes, max_entries;
  int32_t max_count;
  int64_t num_heads, head_width;
  double probability;
};

EncoderOptions options_of(const EncoderCase& c) {
  const Dropout inner = {.key = {5}, .purpose = Purpose::kDropoutEncoderInner, .step = 3, .probability = c.probability};
  Dropout outer = inner;
  outer.purpose = Purpose::kDropoutEncoderOuter;
  return {.num_heads = c.num_heads, .inner = inner, .outer = outer};
}

/// Inputs, outputs and gradients of the encoder for one case.
template <class Device>
struct Encoder {
  using Rows = DeviceMatrix<Device>;
  EncoderCase shape;
  Lists lists;
  int64_t width = shape.num_heads * shape.head_width;
  Rows query = random_matrix<Device>(3 * shape.num_nodes, width, 1);
  Rows key = random_matrix<Device>(3 * shape.num_nodes, width, 2);
  Rows value = random_matrix<Device>(3 * shape.num_nodes, width, 3);
  Rows residual = random_matrix<Device>(3 * shape.num_nodes, width, 4);
  Rows out_weight = random_matrix<Device>(width, width, 5, 0.3F);
  Rows out_bias = random_matrix<Device>(1, width, 6);
  Rows gain = random_matrix<Device>(1, width, 7);
  Rows shift = random_matrix<Device>(1, width, 8);
  Rows readout = random_matrix<Device>(1, width, 9, 0.5F);
  Rows dout = random_matrix<Device>(shape.num_seeds, width, 10);
  Rows out = filled<Device>(shape.num_seeds, width, NAN);
  Rows dquery = filled<Device>(3 * shape.num_nodes, width, NAN);
  Rows dkey = filled<Device>(3 * shape.num_nodes, width, NAN);
  Rows dvalue = filled<Device>(3 * shape.num_nodes, width, NAN);
  Rows dresidual = filled<Device>(3 * shape.num_nodes, width, NAN);
  Rows dout_weight = filled<Device>(width, width, NAN);
  Rows dout_bias = filled<Device>(1, width, NAN);
  Rows dgain = filled<Device>(1, width, NAN);
  Rows dshift = filled<Device>(1, width, NAN);
  Rows dreadout = filled<Device>(1, width, NAN);

  explicit Encoder(const EncoderCase& c) : shape(c), lists(c.num_seeds, c.num_nodes, c.max_entries, c.max_count) {}

  EncoderRows<Device> rows() const { return {query, key, value, residual}; }
  EncoderParameters<Device> parameters() const {
    return {out_weight, as_vector(out_bias), as_vector(gain), as_vector(shift), as_vector(readout)};
  }
  void forward(Device& dev) {
    const DeviceLists<Device> on_device(lists);
    local_encoder(dev, on_device.view(), rows(), parameters(), options_of(shape), out);
  }
  void backward(Device& dev) {
    const DeviceLists<Device> on_device(lists);
    local_encoder_backward<Device>(
        dev, on_device.view(), rows(), parameters(), options_of(shape), dout, {dquery, dkey, dvalue, dresidual},
        {dout_weight, as_vector(dout_bias), as_vector(dgain), as_vector(dshift), as_vector(dreadout)});
  }
};

const EncoderCase kEncoderCases[] = {
    {.num_seeds = 0,
     .num_nodes = 2,
     .max_entries = 2,
     .max_count = 1,
     .num_heads = 2,
     .head_width = 3,
     .probability = 0},
    {.num_seeds = 1,
     .num_nodes = 1,
     .max_entries = 1,
     .max_count = 1,
     .num_heads = 1,
     .head_width = 1,
     .probability = 0},
    {.num_seeds = 4,
     .num_nodes = 6,
     .max_entries = 5,
     .max_count = 3,
     .num_heads = 2,
     .head_width = 5,
     .probability = 0},
    {.num_seeds = 4,
     .num_nodes = 6,
     .max_entries = 5,
     .max_count = 3,
     .num_heads = 3,
     .head_width = 7,
     .probability = 0.3},
    {.num_seeds = 3,
     .num_nodes = 50,
     .max_entries = 37,
     .max_count = 2,
     .num_heads = 2,
     .head_width = 33,
     .probability = 0.5},
    {.num_seeds = 300,
     .num_nodes = 40,
     .max_entries = 4,
     .max_count = 2,
     .num_heads = 1,
     .head_width = 6,
     .probability = 0.3},
    {.num_seeds = 5,
     .num_nodes = 70,
     .max_entries = 60,
     .max_count = 2,
     .num_heads = 2,
     .head_width = 8,
     .probability = 0.2},
    // Heads of one, three and nine times 32 columns and some, which CUDA takes in other tiles.
    {.num_seeds = 2,
     .num_nodes = 9,
     .max_entries = 12,
     .max_count = 2,
     .num_heads = 2,
     .head_width = 70,
     .probability = 0.1},
    {.num_seeds = 2,
     .num_nodes = 9,
     .max_entries = 12,
     .max_count = 1,
     .num_heads = 1,
     .head_width = 150,
     .probability = 0.1},
    {.num_seeds = 2,
     .num_nodes = 9,
     .max_entries = 12,
     .max_count = 1,
     .num_heads = 1,
     .head_width = 300,
     .probability = 0.1},
};

template <class Device>
Arrays run_case(Device& dev, const EncoderCase& c) {
  Encoder<Device> encoder(c);
  encoder.forward(dev);
  encoder.backward(dev);
  return {values_of(encoder.out),       values_of(encoder.dquery),    values_of(encoder.dkey),
          values_of(encoder.dvalue),    values_of(encoder.dresidual), values_of(encoder.dout_weight),
          values_of(encoder.dout_bias), values_of(encoder.dgain),     values_of(encoder.dshift),
          values_of(encoder.dreadout)};
}

TEST(LocalEncoder, agrees_with_the_sequence_written_out_forward_and_backward) {
  for (const EncoderCase& c : kEncoderCases) {
    SCOPED_TRACE(testing::Message() << c.num_seeds << " seeds, " << c.num_heads << " x " << c.head_width);
    const auto run = [&](auto& dev) { return run_case(dev, c); };
    expect_as_reference(kEncoder, run);
    expect_as_reference(kRoundedEncoder, run, Precision::kBFloat16);
  }
}

TEST(LocalEncoder, has_the_gradients_of_central_differences) {
  for (const double probability : {0.0, 0.4}) {
    Reference dev;
    Encoder<Reference> encoder({3, 4, 3, 2, 2, 3, probability});
    const auto loss = [&] {
      encoder.forward(dev);
      return weighted_sum(encoder.out, encoder.dout);
    };
    encoder.backward(dev);
    expect_gradient(encoder.dquery, encoder.query, loss, "query");
    expect_gradient(encoder.dkey, encoder.key, loss, "key");
    expect_gradient(encoder.dvalue, encoder.value, loss, "value");
    expect_gradient(encoder.dresidual, encoder.residual, loss, "residual");
    expect_gradient(encoder.dout_weight, encoder.out_weight, loss, "out_weight");
    expect_gradient(encoder.dout_bias, encoder.out_bias, loss, "out_bias");
    expect_gradient(encoder.dgain, encoder.gain, loss, "gain");
    expect_gradient(encoder.dshift, encoder.shift, loss, "shift");
    expect_gradient(encoder.dreadout, encoder.readout, loss, "readout");
  }
}

TEST(LocalEncoder, gives_each_seed_what_it_gives_the_seed_alone_to_rounding) {
  const EncoderCase c = kEncoderCases[3];
  Cpu dev;
  Encoder<Cpu> all(c);
  all.forward(dev);
  for (int32_t b = 0; b < c.num_seeds; ++b) {
    Encoder<Cpu> alone(c);
    const int32_t first = all.lists.offsets[b];
    const int32_t last = all.lists.offsets[b + 1];
    alone.lists.seed_ids = {all.lists.seed_ids[b]};
    alone.lists.offsets = {0, last - first};
    alone.lists.nodes.assign(all.lists.nodes.begin() + first, all.lists.nodes.begin() + last);
    alone.lists.counts.assign(all.lists.counts.begin() + first, all.lists.counts.begin() + last);
    alone.out.resize(1, alone.width);
    alone.forward(dev);
    for (int64_t i = 0; i < alone.width; ++i) EXPECT_NEAR(alone.out.data()[i], all.out.row(b)[i], 1e-5);
  }
}

#if defined(GIGAHOP_TEST_CUDA)
TEST(LocalEncoder, works_chunk_by_chunk_where_scratch_memory_is_small) {
  const EncoderCase c = {.num_seeds = 40,
                         .num_nodes = 20,
                         .max_entries = 9,
                         .max_count = 3,
                         .num_heads = 2,
                         .head_width = 5,
                         .probability = 0.3};
  Reference reference;
  Cuda dev({.scratch_bytes = 40000, .product_workspace_bytes = 0});
  const Arrays found = run_case(dev, c);
  expect_close(found, run_case(reference, c), kEncoder);
  EXPECT_NE(found, run_case(test_cuda(), c)) << "one chunk adds in another order";
}

TEST(LocalEncoder, refuses_heads_that_are_wider_than_its_tiles) {
  Encoder<Cuda> encoder({.num_seeds = 1,
                         .num_nodes = 1,
                         .max_entries = 1,
                         .max_count = 1,
                         .num_heads = 1,
                         .head_width = 513,
                         .probability = 0});
  try {
    encoder.forward(test_cuda());
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kConfig);
    EXPECT_STREQ(error.what(),
                 "the local encoder on CUDA: expected heads of at most 512 columns, found 513; lower the hidden width, "
                 "or train on the CPU");
  }
}
#endif

}  // namespace
}  // namespace gigahop::ops
