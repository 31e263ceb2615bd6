/// Codeword assignments that come with given weights: by original id, whatever the parts, the ranks and the dtype.
#include "train/assignments.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/error.h"
#include "comm/collectives.h"
#include "planted.h"

namespace gigahop::tests {
namespace {

namespace fs = std::filesystem;
using array::DType;

constexpr int64_t kCodewords = 20;

int64_t code_of(int64_t node) {
  return node * 7 % kCodewords;
}

template <class T>
std::vector<T> codes_of_all_nodes() {
  std::vector<T> codes;
  for (int64_t node = 0; node < kPlantedNodes; ++node) codes.push_back(static_cast<T>(code_of(node)));
  return codes;
}

class Fixture {
 public:
  explicit Fixture(const std::string& name)
      : world(comm::Communicator::world()), folder(empty_folder(world, "assignments_" + name)) {
    write_planted(world, folder / "partition", kPlantedParts);
    graph.emplace(folder / "partition", ranks_of_parts(kPlantedParts, world.size()), world.rank());
    assignments.emplace(device, *graph, kCodewords, RandomKey{1});
  }

  /// Behind a tensor of `odd_bytes`, so that the codes need not be aligned.
  template <class T>
  array::SafetensorsFile weights(DType dtype, const std::vector<T>& codes, std::vector<int64_t> shape,
                                 size_t odd_bytes = 0) {
    const fs::path path = folder / "given.safetensors";
    if (world.rank() == 0) {
      const std::vector<std::byte> odd(odd_bytes);
      const std::vector<array::TensorToWrite> tensors = {
          {"bytes", DType::kUInt8, {static_cast<int64_t>(odd_bytes)}, odd},
          {"codebook.assignments", dtype, std::move(shape), std::as_bytes(std::span(codes))}};
      array::write_safetensors(path, tensors);
    }
    comm::barrier(world);
    return array::SafetensorsFile(path);
  }

  std::string complaint(const array::SafetensorsFile& file) {
    try {
      assignments->load(file);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind, ErrorKind::kData);
      return error.what();
    }
    return "none";
  }

  comm::Communicator world;
  fs::path folder;
  std::optional<graph::LocalGraph> graph;
  Cpu device;
  std::optional<train::Assignments<Cpu>> assignments;
};

template <class T>
void expect_taken(Fixture& f, DType dtype, size_t odd_bytes) {
  const VectorView<uint16_t> codes = f.assignments->codes();
  std::fill_n(codes.data, codes.size, uint16_t{kCodewords});
  f.assignments->load(f.weights(dtype, codes_of_all_nodes<T>(), {kPlantedNodes}, odd_bytes));
  for (int64_t row = 0; row < codes.size; ++row) {
    EXPECT_EQ(codes[row], code_of(f.graph->original_ids()[row].value)) << array::name(dtype) << ", row " << row;
  }
  comm::barrier(f.world);
}

TEST(GivenAssignments, are_taken_in_original_order_in_each_dtype) {
  Fixture f("taken");
  for (const size_t odd_bytes : {0, 3}) {
    expect_taken<int64_t>(f, DType::kInt64, odd_bytes);
    expect_taken<int32_t>(f, DType::kInt32, odd_bytes);
    expect_taken<uint16_t>(f, DType::kUInt16, odd_bytes);
  }
  for (const train::PartCodes& part : f.assignments->by_part()) {
    const graph::Shard shard(f.folder / "partition", f.graph->partition(), part.part);
    EXPECT_EQ(static_cast<int64_t>(part.codes.size()), shard.num_owned());
    for (size_t row = 0; row < part.codes.size(); ++row) {
      EXPECT_EQ(part.codes[row], code_of(shard.original_ids()[row].value)) << "part " << part.part;
    }
  }
  comm::barrier(f.world);
}

TEST(GivenAssignments, of_another_number_of_nodes_are_refused) {
  Fixture f("shape");
  std::vector<int64_t> codes = codes_of_all_nodes<int64_t>();
  codes.push_back(0);
  const std::string longer = f.complaint(f.weights(DType::kInt64, codes, {kPlantedNodes + 1}));
  EXPECT_NE(longer.find("given.safetensors, tensor codebook.assignments: expected shape [240]"), std::string::npos)
      << longer;
  EXPECT_NE(longer.find("found shape [241]"), std::string::npos) << longer;
  comm::barrier(f.world);
  codes.pop_back();
  const std::string matrix = f.complaint(f.weights(DType::kInt64, codes, {kPlantedNodes / 2, 2}));
  EXPECT_NE(matrix.find("found shape [120, 2]"), std::string::npos) << matrix;
  comm::barrier(f.world);
}

TEST(GivenAssignments, of_another_dtype_are_refused) {
  Fixture f("dtype");
  const std::string complaint = f.complaint(f.weights(DType::kFloat32, codes_of_all_nodes<float>(), {kPlantedNodes}));
  EXPECT_NE(complaint.find("given.safetensors, tensor codebook.assignments: expected int64, int32 or uint16, found "
                           "float32"),
            std::string::npos)
      << complaint;
  comm::barrier(f.world);
}

TEST(GivenAssignments, beyond_the_codebook_are_refused_on_the_rank_that_owns_the_node) {
  Fixture f("range");
  for (const int64_t wrong : {int64_t{-1}, kCodewords, int64_t{65536}}) {
    std::vector<int64_t> codes = codes_of_all_nodes<int64_t>();
    codes[17] = wrong;
    const std::string complaint = f.complaint(f.weights(DType::kInt64, codes, {kPlantedNodes}));
    const auto ids = f.graph->original_ids();
    const bool owns = std::find(ids.begin(), ids.end(), OriginalId{17}) != ids.end();
    const std::string expected =
        "given.safetensors, tensor codebook.assignments[17]: expected a code in [0, 20), found " +
        std::to_string(wrong);
    EXPECT_EQ(complaint.find(expected) != std::string::npos, owns) << complaint;
    EXPECT_EQ(complaint == "none", !owns);
    comm::barrier(f.world);
  }
}

}  // namespace
}  // namespace gigahop::tests
