/// `gigahop doctor`: one command for the question what this cluster is like, and what of it may be in the way.
#include <cstdio>
#include <span>
#include <string>

#include <fmt/format.h>

#include "comm/collectives.h"
#include "launch/command.h"
#include "launch/doctor/folder.h"
#include "launch/doctor/gpu.h"
#include "launch/doctor/host.h"
#include "launch/doctor/network.h"
#include "launch/doctor/remarks.h"
#include "launch/doctor/report.h"

namespace gigahop::launch {
namespace {

using nlohmann::json;

struct DoctorOptions {
  std::string folder = ".";
  double seconds = 10;
  bool json = false;
};

/// Collective. What each rank tells, by rank.
json gather(const comm::Communicator& comm, const json& mine) {
  const std::string text = mine.dump();
  const comm::Gathered all = comm::all_gather_varied_bytes(comm, std::as_bytes(std::span(text)));
  const auto* characters = reinterpret_cast<const char*>(all.bytes.data());
  json ranks = json::array();
  for (size_t rank = 0; rank + 1 < all.offsets.size(); ++rank) {
    ranks.push_back(json::parse(characters + all.offsets[rank], characters + all.offsets[rank + 1]));
  }
  return ranks;
}

void examine(const Context& context, const DoctorOptions& options) {
  const comm::Communicator& comm = context.comm;
  if (context.dry_run) {
    if (comm.rank() == 0) fmt::print("doctor: would write and remove 64 MiB per rank in {}\n", options.folder);
    return;
  }
  json mine = doctor::describe_host(context);
  mine["rank"] = comm.rank();
  mine["gpus"] = doctor::describe_gpus();
  mine["clock_ahead_seconds"] = doctor::measure_clocks(comm)[static_cast<size_t>(comm.rank())];
  mine["folder"] = doctor::probe_folder(comm, options.folder);
  json facts = {{"folder", options.folder}, {"all_reduce", doctor::measure_all_reduce(comm, options.seconds)}};
  facts["ranks"] = gather(comm, mine);
  facts["remarks"] = doctor::find_remarks(facts);
  if (comm.rank() != 0) return;
  fmt::print("{}", options.json ? facts.dump(2) + "\n" : doctor::describe(facts));
}

}  // namespace

void add_doctor(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "doctor",
      "Tell what the ranks run on: MPI, processors, devices, networks, clocks, the folder given; and measure sums over "
      "all ranks.\n"
      "Examples:\n"
      "  mpirun -n 4 gigahop doctor runs\n"
      "  launch/mpirun.sh --hosts hosts.txt doctor /shared/runs --seconds 3 --json");
  const auto options = std::make_shared<DoctorOptions>();
  command->add_option("folder", options->folder, "Folder to try: where checkpoints and shards are to lie")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("--seconds", options->seconds, "That the ranks sum for, 0 to 3600")
      ->type_name("SECONDS")
      ->check(unspoken(CLI::Range(0.0, 3600.0)))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print the facts as JSON");
  invocation.add(*command, {}, [options](Context& context) { examine(context, *options); });
}

}  // namespace gigahop::launch
