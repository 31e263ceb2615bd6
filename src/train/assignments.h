/// Which codeword each owned node is assigned to, in the memory of the device, and the way between that and a step's
/// seeds.
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

template <class Device>
class Assignments {
 public:
  /// Initial ones, uniform by (key, original id). dev and graph outlive this.
  Assignments(Device& dev, const graph::LocalGraph& graph, int64_t num_codewords, RandomKey key);

  VectorView<uint16_t, Device> codes() { return {codes_.data(), codes_.size()}; }  // [owned]
  VectorView<const uint16_t, Device> codes() const { return {codes_.data(), codes_.size()}; }

  /// Lets the model assign the seeds of the step just computed. Returns what has to be summed over ranks before `move`;
  /// nothing where the model has no codebook. Collective.
  VectorView<float, Device> collect(model::LargeGt<Device>& model, VectorView<const LocalId, Device> seeds);
  /// Lets it move its codebook by the sums, and keeps the new assignments.
  void move(model::LargeGt<Device>& model, VectorView<const LocalId, Device> seeds);

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

  Device* dev_;
  const graph::LocalGraph* graph_;
  int64_t num_codewords_;
  Buffer<uint16_t, Device> codes_;
  Buffer<int32_t, Device> seed_codes_;  // [B] before the step
};

}  // namespace gigahop::train
