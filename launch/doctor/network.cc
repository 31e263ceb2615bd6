#include "launch/doctor/network.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "comm/collectives.h"

namespace gigahop::launch::doctor {
namespace {

using nlohmann::json;
using std::chrono::duration;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr int kClockRounds = 21;
constexpr int kLatencyRounds = 100;
constexpr size_t kSummedFloats = 4 << 20;

double seconds_since(steady_clock::time_point start) {
  return duration<double>(steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

double latency(const comm::Communicator& comm) {
  comm::barrier(comm);
  const auto start = steady_clock::now();
  for (int round = 0; round < kLatencyRounds; ++round) comm::sum_over_ranks(comm, 1.0);
  return seconds_since(start) / kLatencyRounds;
}

}  // namespace

std::vector<double> measure_clocks(const comm::Communicator& comm) {
  std::vector<std::vector<double>> ahead(static_cast<size_t>(comm.size()));
  for (int round = 0; round < kClockRounds; ++round) {
    comm::barrier(comm);
    const double now = duration<double>(system_clock::now().time_since_epoch()).count();
    const std::vector<double> clocks = comm::all_gather_varied<double>(comm, std::span(&now, 1));
    for (size_t rank = 0; rank < clocks.size(); ++rank) ahead[rank].push_back(clocks[rank] - clocks[0]);
  }
  std::vector<double> offsets;
  for (const std::vector<double>& rounds : ahead) offsets.push_back(median(rounds));
  return offsets;
}

json measure_all_reduce(const comm::Communicator& comm, double seconds) {
  if (comm.size() == 1) return nullptr;
  const double one_number = latency(comm);
  std::vector<float> values(kSummedFloats);
  comm::all_reduce_sum(comm, std::span(values));
  int64_t rounds = 0;
  const auto start = steady_clock::now();
  double elapsed = 0;
  do {
    comm::all_reduce_sum(comm, std::span(values));
    ++rounds;
    elapsed = comm::max_over_ranks(comm, seconds_since(start));
  } while (elapsed < seconds);
  const double bytes = static_cast<double>(kSummedFloats * sizeof(float));
  const double speed = bytes * static_cast<double>(rounds) / elapsed;
  const double share = 2.0 * (comm.size() - 1) / comm.size();
  return {{"bytes", kSummedFloats * sizeof(float)},
          {"rounds", rounds},
          {"bytes_per_second", speed},
          {"wire_bytes_per_second", share * speed},
          {"latency_seconds", one_number}};
}

}  // namespace gigahop::launch::doctor
