/// Which codeword each owned node is assigned to, and the way between that and a step's seeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "model/large_gt.h"
#include "train/checkpoint_reader.h"
#include "train/checkpoint_writer.h"

namespace gigahop::train {

class Assignments {
 public:
  /// Initial ones, uniform by (key, original id). `graph` outlives this.
  Assignments(const graph::LocalGraph& graph, int64_t num_codewords, RandomKey key);

  std::span<uint16_t> codes() { return codes_; }  // [owned]
  std::span<const uint16_t> codes() const { return codes_; }

  /// Lets the model move its codebook and assign the seeds of the step just computed. Collective.
  template <class Device>
  void update(model::LargeGt<Device>& model, std::span<const LocalId> seeds);

  /// Nodes of all ranks by codeword [M]. Collective.
  std::vector<int64_t> histogram(const comm::Communicator& comm) const;

  /// For a checkpoint, which stores them by part; any number of ranks reads them back.
  std::vector<PartCodes> by_part() const;
  void load(const CheckpointReader& checkpoint);

  /// From given weights: "codebook.assignments" [N] in original node order, int64, int32 or uint16. Error{kData} naming
  /// the element that is no codeword.
  void load(const array::SafetensorsFile& weights);

 private:
  template <class T>
  void load_original(std::span<const std::byte> codes, const std::filesystem::path& path);

  const graph::LocalGraph* graph_;
  int64_t num_codewords_;
  std::vector<uint16_t> codes_;
  std::vector<uint16_t> seed_codes_;
};

}  // namespace gigahop::train
