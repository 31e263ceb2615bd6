/// From a dataset folder to a partition folder: the stage `gigahop partition`.
///
///   edges by blocks of nodes -> parts -> new ids -> rows to their part -> halo -> shard files -> manifest
///
/// Every step but METIS, where that is chosen, is spread over the ranks, with buffers of bounded size. The folder is
/// built beside its final name and renamed when everything is written; a failure on any rank is told to all and leaves
/// nothing.
#pragma once

#include "comm/communicator.h"
#include "partition/options.h"
#include "proto/partition.pb.h"

namespace gigahop::partition {

/// Returns the manifest it wrote, on every rank. The bytes of every array depend on the dataset and the parts that were
/// chosen, and those, unless by MULTILEVEL, on the options alone; never on the number of ranks, which may be above or
/// below the number of parts.
///
/// Errors      Error{kConfig} for options out of range; Error{kData} for what is wrong in the dataset, a graph that is
///             too large for METIS, a taken name, a full disk
/// Collective  all ranks, same options
proto::Partition partition_dataset(const comm::Communicator& comm, const PartitionOptions& options);

}  // namespace gigahop::partition
