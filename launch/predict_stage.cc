#include <cmath>

#include <fmt/format.h>

#include "base/progress.h"
#include "launch/stages.h"
#include "train/predictor.h"

namespace gigahop::launch {

void predict_nodes(Context& context, const std::filesystem::path& partition, const std::filesystem::path& checkpoint,
                   const std::filesystem::path& output) {
  const bool speaks = context.comm.rank() == 0;
  if (context.dry_run) {
    if (speaks) fmt::print("predict {}: less memory per rank than training\n", output.string());
    return;
  }
  const train::PredictResult result =
      train::predict(context.comm, context.config, partition, rank_of_parts(context, partition), checkpoint, output);
  if (!speaks) return;
  fmt::print("predictions {}: {} nodes", output.string(), with_commas(result.num_nodes));
  if (result.num_labelled > 0) {
    fmt::print("; {:.2f} % of the {} labelled ones right", 100 * result.accuracy, with_commas(result.num_labelled));
  }
  fmt::print("\n");
}

}  // namespace gigahop::launch
