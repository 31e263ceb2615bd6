/// Where a device has the token rows that its batches are made of.
#pragma once

#include "comm/communicator.h"
#include "graph/local_graph.h"
#include "proto/config.pb.h"
#include "sampler/loader.h"
#include "tensor/cpu.h"

namespace gigahop::train {

template <class Device>
class TokenRows;

/// The loader puts batches together in the host's memory, which is the device's.
template <>
class TokenRows<Cpu> {
 public:
  TokenRows(Cpu&, const comm::Communicator&, const graph::LocalGraph&, const sampler::Loader&, const proto::Config&) {}
};

}  // namespace gigahop::train
