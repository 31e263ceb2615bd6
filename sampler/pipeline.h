/// Batches made ready ahead of the step by one background thread, which makes all of the loader's MPI calls.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "sampler/loader.h"

namespace gigahop::sampler {

class Pipeline {
 public:
  /// `requests` is called by the background thread until it returns nothing; all ranks must yield the same sequence of
  /// (epoch, step, salt). At most `batches_ahead` batches wait.
  Pipeline(Loader& loader, std::function<std::optional<BatchRequest>()> requests, int batches_ahead);
  /// Waits until the background thread has loaded what all ranks agreed to load: every rank destroys it after taking
  /// the same number of batches.
  ~Pipeline();

  /// The next batch; nothing after the last. Rethrows what the background thread threw.
  std::optional<MiniBatch> next();

  /// Seconds that next() has waited.
  double waited_seconds() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gigahop::sampler
