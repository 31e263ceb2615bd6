#include "train/evaluator.h"

#include <array>
#include <limits>
#include <optional>

#include "base/error.h"
#include "comm/collectives.h"
#include "comm/device_collectives.h"
#include "ops/softmax.h"
#include "tensor/host_copy.h"

namespace gigahop::train {

template <class Device>
std::optional<Evaluation> evaluate(const comm::Communicator& comm, model::LargeGt<Device>& model,
                                   DeviceBatches<Device>& batches, int64_t num_batches,
                                   const std::function<bool()>& is_stop_wanted) {
  std::array<int64_t, 2> correct_and_all = {};
  ConfusionCounts confusion(model.shape().num_classes);
  const bool is_confusion_counted = !confusion.counts().empty();
  Buffer<int32_t, Device> predicted;
  ReadBack<ops::CrossEntropy, Device> result;
  for (int64_t i = 0; i < num_batches; ++i) {
    if (comm::max_over_ranks(comm, int64_t{is_stop_wanted()}) > 0) return std::nullopt;
    const std::optional<BatchInput<Device>> batch = batches.next();
    require(batch.has_value(), "the pipeline holds every batch of an evaluation");
    const auto logits = model.forward(batch->model, model::Mode::kEvaluate, 0);
    model.loss(logits, batch->labels, 0, {}, {result.on_device(), 1});
    result.queue_read(model.device());
    predicted.resize(is_confusion_counted ? logits.rows : 0);
    const VectorView<int32_t, Device> classes{predicted.data(), predicted.size()};
    if (is_confusion_counted) ops::argmax_rows(model.device(), logits, classes);
    batches.prepare();
    comm::finish_queued(model.device(), comm);
    result.value().check();
    correct_and_all[0] += static_cast<int64_t>(result.value().num_correct);
    correct_and_all[1] += batch->seeds.size;
    if (is_confusion_counted) confusion.add(batches.batch().labels, host_copy(model.device(), classes));
  }
  comm::all_reduce_sum(comm, std::span<int64_t>(correct_and_all));
  if (is_confusion_counted) comm::all_reduce_sum(comm, confusion.counts());
  const double accuracy = correct_and_all[1] == 0
                              ? std::numeric_limits<double>::quiet_NaN()
                              : static_cast<double>(correct_and_all[0]) / static_cast<double>(correct_and_all[1]);
  return Evaluation{accuracy, std::move(confusion)};
}

#define GIGAHOP_INSTANTIATE(Device)                                                               \
  template std::optional<Evaluation> evaluate(const comm::Communicator&, model::LargeGt<Device>&, \
                                              DeviceBatches<Device>&, int64_t, const std::function<bool()>&);
GIGAHOP_TRAIN_DEVICES(GIGAHOP_INSTANTIATE)

}  // namespace gigahop::train
