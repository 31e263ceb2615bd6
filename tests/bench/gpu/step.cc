#include "step.h"

#include <chrono>
#include <cmath>

#include "comm/communicator.h"
#include "model/large_gt.h"
#include "ops/adam.h"
#include "ops/codebook.h"
#include "ops/vector.h"

namespace gigahop::bench {
namespace {

constexpr RandomKey kKey{1};
constexpr double kLearningRate = 1e-3;

template <class Device>
class Trained {
 public:
  Trained(Device& dev, const Extents& extents) : model(dev, extents.model, kKey, comm_), batch(dev, extents) {
    std::vector<int64_t> histogram(static_cast<size_t>(extents.model.num_codewords));
    for (const OriginalId id : ids_below<OriginalId>(extents.num_nodes)) {
      codes.push_back(model::initial_code(kKey, id, extents.model.num_codewords));
      ++histogram[codes.back()];
    }
    model.set_histogram(histogram);
  }

 private:
  const comm::Communicator comm_ = comm::Communicator::self();

 public:
  model::LargeGt<Device> model;
  Batch<Device> batch;
  std::vector<uint16_t> codes;  // of all nodes, before the first step
};

class Training {
 public:
  Training(Cuda& dev, const Extents& extents)
      : dev_(dev),
        trained_(dev, extents),
        num_parameters_(trained_.model.parameters().values().size),
        first_moments_(num_parameters_),
        second_moments_(num_parameters_),
        codes_(on_device(dev, trained_.codes)),
        seed_codes_(extents.num_seeds),
        dlogits_(extents.num_seeds, extents.model.num_classes) {
    set_to_zero(dev, moments(first_moments_));
    set_to_zero(dev, moments(second_moments_));
  }

  /// Its mean loss.
  double step() {
    model::LargeGt<Cuda>& model = trained_.model;
    const Batch<Cuda>& batch = trained_.batch;
    const model::ModelInput<Cuda> input = batch.input();
    Results* const results = results_.on_device();
    const auto logits = model.forward(input, model::Mode::kTrain, step_);
    model.loss(logits, batch.labels(), input.num_seeds_all, dlogits_, {&results->loss, 1});
    model.backward(dlogits_);
    const VectorView<float, Cuda> gradients = model.parameters().gradients();
    ops::sum_of_squares<Cuda>(dev_, gradients, {&results->square_sum, 1});
    ops::adam<Cuda>(dev_, {.learning_rate = kLearningRate}, ++step_, {&results->square_sum, 1}, gradients,
                    moments(first_moments_), moments(second_moments_), model.parameters().values());
    const VectorView<uint16_t, Cuda> codes(codes_.data(), codes_.size());
    ops::take_codes<Cuda>(dev_, codes, batch.seeds(), {seed_codes_.data(), seed_codes_.size()});
    model.collect_codebook({seed_codes_.data(), seed_codes_.size()});
    ops::put_codes<Cuda>(dev_, model.move_codebook(), batch.seeds(), codes);
    results_.queue_read(dev_);
    synchronise(dev_);
    results_.value().loss.check();
    return results_.value().loss.loss_sum / static_cast<double>(input.num_seeds_all);
  }

 private:
  struct Results {
    ops::CrossEntropy loss;
    double square_sum = 0;
  };
  static VectorView<float, Cuda> moments(Buffer<float, Cuda>& buffer) { return {buffer.data(), buffer.size()}; }

  Cuda& dev_;
  Trained<Cuda> trained_;
  int64_t num_parameters_;
  Buffer<float, Cuda> first_moments_;
  Buffer<float, Cuda> second_moments_;
  Buffer<uint16_t, Cuda> codes_;
  Buffer<int32_t, Cuda> seed_codes_;
  Matrix<float, Cuda> dlogits_;
  ReadBack<Results, Cuda> results_;
  int64_t step_ = 0;
};

template <class Device>
std::vector<double> logits_of(Device& dev, const Extents& extents) {
  Trained<Device> trained(dev, extents);
  const auto found = trained.model.forward(trained.batch.input(), model::Mode::kTrain, 0);
  const auto values = host_copy(dev, VectorView<const Real<Device>, Device>(found.data, found.size()));
  return {values.begin(), values.end()};
}

}  // namespace

MeasuredSteps measure_steps(Cuda& dev, const Extents& extents, int number) {
  Training training(dev, extents);
  training.step();
  MeasuredSteps measured;
  for (int i = 0; i < number; ++i) {
    const auto start = std::chrono::steady_clock::now();
    measured.loss = training.step();
    measured.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return measured;
}

double difference_to_reference(Cuda& dev, const Extents& extents) {
  Reference reference;
  const std::vector<double> expected = logits_of(reference, extents);
  const std::vector<double> found = logits_of(dev, extents);
  double largest = 0;
  double worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(found[i] - expected[i]);
    largest = std::max(largest, std::abs(expected[i]));
    worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
  }
  return worst / largest;
}

}  // namespace gigahop::bench
