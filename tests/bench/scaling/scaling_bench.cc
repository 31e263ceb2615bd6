/// What a model of step time is made of: counts of the steps of training, and costs of communication.
///
///   mpirun -n R scaling_bench plans PARTITION STEPS [path=value ...]   loads the first STEPS batches of epoch 0
///   mpirun -n R scaling_bench steps PARTITION STEPS [path=value ...]   and trains on them
///   mpirun -n R scaling_bench links                                    collectives and messages of 8 B to 16 MiB
///
/// Rank 0 prints a line of JSON per step or size. Of a step: what each rank's batch holds and what the rank sent by
/// phase (comm/traffic.h), as sum and as largest over the ranks, and the processor seconds that loading it and training
/// on it took, apart because batches are loaded in line. They are longer than they need be where ranks wait for each
/// other, which they do by polling; on one rank they do not depend on what else the machine does. Checked in the same
/// run: the counts of every list sum to K, sums and messages arrive with the right values.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "comm/collectives.h"
#include "comm/exchange.h"
#include "comm/traffic.h"
#include "config/config.h"
#include "training_steps.h"

namespace gigahop::bench {
namespace {

using Clock = std::chrono::steady_clock;
enum class Work { kLoad, kTrain };

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Of all threads of this process.
double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

struct Quantity {
  std::string name;
  double value = 0;  // of this rank
};

void add_counts(const sampler::MiniBatch& batch, int64_t sample_size, std::vector<Quantity>& quantities) {
  require(std::accumulate(batch.sample_counts.begin(), batch.sample_counts.end(), int64_t{0}) ==
              sample_size * batch.num_seeds(),
          "the counts of a list sum to K");
  double pairs = 0;  // of entries of one list
  for (int64_t b = 0; b < batch.num_seeds(); ++b) {
    const auto seed = static_cast<size_t>(b);
    const double length = batch.sample_offsets[seed + 1] - batch.sample_offsets[seed];
    pairs += length * length;
  }
  const int64_t num_fetched = batch.num_remote_nodes - batch.num_cached_nodes;
  for (const auto& [name, value] : {std::pair<const char*, int64_t>{"seeds", batch.num_seeds()},
                                    {"entries", std::ssize(batch.sample_nodes)},
                                    {"nodes", batch.num_nodes()},
                                    {"remote_nodes", batch.num_remote_nodes},
                                    {"fetched_nodes", num_fetched}}) {
    quantities.push_back({name, static_cast<double>(value)});
  }
  quantities.push_back({"pairs", pairs});
}

void add_traffic(const comm::Traffic& before, const comm::Traffic& after, std::vector<Quantity>& quantities) {
  const comm::Traffic sent = comm::traffic_between(before, after);
  for (const std::string_view phase : {"sampling", "features", "cache", "gradients", "batch norm", "codebook"}) {
    const auto found = std::ranges::find(sent, phase, &comm::PhaseTraffic::phase);
    const comm::PhaseTraffic traffic = found == sent.end() ? comm::PhaseTraffic{} : *found;
    const comm::Sent messages = traffic.to_all_ranks();
    const auto add = [&](const char* what, int64_t value) {
      quantities.push_back({fmt::format("{}.{}", phase, what), static_cast<double>(value)});
    };
    add("messages", messages.messages);
    add("bytes", messages.bytes);
    add("collectives", traffic.collectives.messages);
    add("collective_bytes", traffic.collectives.bytes);
  }
}

void print_step(const comm::Communicator& comm, int64_t step, const std::vector<Quantity>& quantities) {
  std::vector<double> sums;
  for (const Quantity& quantity : quantities) sums.push_back(quantity.value);
  std::vector<double> most = sums;
  comm::all_reduce_sum(comm, std::span(sums));
  comm::all_reduce_max(comm, std::span(most));
  if (comm.rank() > 0) return;
  std::string line = fmt::format("{{\"step\": {}, \"ranks\": {}", step, comm.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    line += fmt::format(", \"{}\": {{\"sum\": {}, \"most\": {}}}", quantities[i].name, sums[i], most[i]);
  }
  fmt::print("{}}}\n", line);
  std::fflush(stdout);
}

void count_steps(const std::filesystem::path& partition, Work work, int64_t num_steps, const proto::Config& config) {
  const comm::Communicator comm = comm::Communicator::world();
  const graph::LocalGraph graph = open_parts(comm, partition);
  std::optional<Training> training;
  if (work == Work::kTrain) training.emplace(comm, graph, config);
  EpochBatches batches(comm, graph, config, Loading::kInLine);
  require(num_steps <= batches.num_steps(), "the epoch has as many steps as are asked for");
  for (int64_t step = 0; step < num_steps; ++step) {
    comm::barrier(comm);
    const comm::Traffic before = comm::traffic_of(comm);
    const double loading = processor_seconds();
    const sampler::MiniBatch batch = batches.next();
    std::vector<Quantity> quantities = {{"load_seconds", processor_seconds() - loading}};
    comm::barrier(comm);
    const double computing = processor_seconds();
    if (training.has_value()) training->run(batch, step, batches.num_steps());
    quantities.push_back({"step_seconds", processor_seconds() - computing});
    add_counts(batch, config.sampler().sample_size(), quantities);
    add_traffic(before, comm::traffic_of(comm), quantities);
    print_step(comm, step, quantities);
  }
}

/// Fewest seconds of one of many runs, which are as long on the slowest rank.
template <class Run>
double fewest_seconds(const comm::Communicator& comm, int64_t bytes, const Run& run) {
  const int64_t repeats = bytes <= 65536 ? 200 : 20;
  double fewest = 1e30;
  for (int64_t i = 0; i < repeats; ++i) {
    comm::barrier(comm);
    const Clock::time_point start = Clock::now();
    run();
    fewest = std::min(fewest, comm::max_over_ranks(comm, seconds_since(start)));
  }
  return fewest;
}

void time_links() {
  const comm::Communicator comm = comm::Communicator::world();
  const auto print = [&](const char* operation, int64_t bytes, double seconds) {
    if (comm.rank() > 0) return;
    fmt::print("{{\"operation\": \"{}\", \"ranks\": {}, \"bytes\": {}, \"seconds\": {:.9f}}}\n", operation, comm.size(),
               bytes, seconds);
  };
  for (int64_t bytes = 8; bytes <= int64_t{16} << 20; bytes *= 8) {
    std::vector<float> values(static_cast<size_t>(bytes) / sizeof(float));
    print("all_reduce", bytes, fewest_seconds(comm, bytes, [&] {
            std::ranges::fill(values, 1.0F);
            comm::all_reduce_sum(comm, std::span(values));
          }));
    const auto is_sum = [&](float value) { return value == static_cast<float>(comm.size()); };
    require(std::ranges::all_of(values, is_sum), "a sum over ranks is right");
    const std::vector<std::byte> sent(static_cast<size_t>(bytes), std::byte(comm.rank() + 1));
    std::vector<std::span<const std::byte>> messages(static_cast<size_t>(comm.size()));
    messages[static_cast<size_t>((comm.rank() + 1) % comm.size())] = sent;
    comm::Received received;
    print("exchange", bytes, fewest_seconds(comm, bytes, [&] { received = comm::all_to_all_bytes(comm, messages); }));
    const auto expected = std::byte((comm.rank() + comm.size() - 1) % comm.size() + 1);
    require(std::ssize(received.bytes) == bytes && std::ranges::count(received.bytes, expected) == bytes,
            "a message arrives");
  }
}

}  // namespace
}  // namespace gigahop::bench

int main(int argc, char** argv) {
  using gigahop::bench::Work;
  gigahop::comm::Environment environment(&argc, &argv);
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode != "links" && (argc < 4 || (mode != "plans" && mode != "steps"))) {
    fmt::print(stderr, "usage: mpirun -n R scaling_bench links | plans|steps PARTITION STEPS [path=value ...]\n");
    return 2;
  }
  try {
    if (mode == "links") {
      gigahop::bench::time_links();
      return 0;
    }
    gigahop::proto::Config config = gigahop::config::load_config({});
    for (int i = 4; i < argc; ++i) gigahop::config::apply_override(config, argv[i]);
    gigahop::config::validate(config);
    gigahop::bench::count_steps(argv[2], mode == "steps" ? Work::kTrain : Work::kLoad, std::atoll(argv[3]), config);
  } catch (const gigahop::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    gigahop::comm::abort_all(static_cast<int>(error.kind));
  }
  return 0;
}
