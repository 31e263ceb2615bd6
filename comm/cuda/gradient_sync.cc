#include "comm/cuda/gradient_sync.h"

#include "comm/cuda/queue_sum.h"
#include "comm/traffic.h"

namespace gigahop::comm {

void GradientSync<Cuda>::start(VectorView<float, Cuda> bucket, std::string_view phase) {
  if (comm_->size() == 1 || bucket.size == 0) return;
  const Phase named(*comm_, phase);
  const cudaStream_t stream = dev_->communication_stream.get();
  computed_.record(dev_->stream.get());
  computed_.hold(stream);
  queue_sum(*comm_, bucket.data, bucket.size, ncclFloat32, stream);
}

void GradientSync<Cuda>::finish() {
  if (comm_->size() == 1) return;
  summed_.record(dev_->communication_stream.get());
  summed_.hold(dev_->stream.get());
}

}  // namespace gigahop::comm
