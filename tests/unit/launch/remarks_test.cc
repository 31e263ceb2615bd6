/// What the doctor remarks, on facts that are written by hand.
#include "launch/doctor/remarks.h"

#include <gtest/gtest.h>

#include "launch/doctor/report.h"

namespace gigahop::launch::doctor {
namespace {

using nlohmann::json;

json healthy_rank(int rank, const std::string& host, const std::vector<int>& processors) {
  return {{"rank", rank},
          {"host", host},
          {"gigahop", "1.0"},
          {"mpi",
           {{"library", "Open MPI 4"},
            {"standard", "3.1"},
            {"thread_level", "MPI_THREAD_MULTIPLE"},
            {"components", {"btl/self", "btl/tcp"}}}},
          {"host_processors", 4},
          {"processors", processors},
          {"threads", processors.size()},
          {"numa_nodes", 1},
          {"memory_bytes", int64_t{64} << 30},
          {"shared_memory_bytes", int64_t{8} << 30},
          {"interfaces",
           {{{"name", "lo"}, {"address", "127.0.0.1"}, {"megabits_per_second", -1}},
            {{"name", "eth0"}, {"address", "10.0.0.1"}, {"megabits_per_second", 10000}}}},
          {"fabrics", json::array()},
          {"gpus", {{"driver", nullptr}, {"devices", json::array()}, {"nccl", nullptr}}},
          {"clock_ahead_seconds", 0.001 * rank},
          {"folder",
           {{"write_bytes_per_second", 1e9},
            {"read_bytes_per_second", 2e9},
            {"is_shared", true},
            {"renames_seen", 100},
            {"torn_reads", 0}}}};
}

/// Two hosts of two ranks.
json healthy() {
  json facts = {{"folder", "runs"}, {"all_reduce", nullptr}, {"remarks", json::array()}};
  facts["ranks"] = {healthy_rank(0, "a", {0, 1}), healthy_rank(1, "b", {0, 1}), healthy_rank(2, "a", {2, 3}),
                    healthy_rank(3, "b", {2, 3})};
  return facts;
}

TEST(Remarks, has_none_of_a_healthy_cluster) {
  EXPECT_TRUE(find_remarks(healthy()).empty());
}

TEST(Remarks, tells_of_each_trouble_where_it_is_and_of_nothing_else) {
  struct Trouble {
    std::string place;
    json value;
    std::string remark;
  };
  const std::vector<Trouble> troubles = {
      {"/ranks/1/mpi/library", "Open MPI 5", "rank 1 on b runs another MPI (Open MPI 5) than rank 0 (Open MPI 4)"},
      {"/ranks/2/gigahop", "0.9", "rank 2 on a runs another gigahop (0.9)"},
      {"/ranks/3/clock_ahead_seconds", -2.5, "the clock of rank 3 on b is 2.5 s behind rank 0's"},
      {"/ranks/1/folder/is_shared", false, "rank 1 on b does not see what rank 0 writes"},
      {"/ranks/1/folder/torn_reads", 3, "absent or not whole, 3 times"},
      {"/ranks/0/folder/write_bytes_per_second", 1e6, "rank 0 on a writes 976.6 KiB/s"},
      {"/ranks/2/threads", 3, "the ranks on a run 5 threads on 4 processors"},
      {"/ranks/0/host_processors", 64, "the ranks on a are bound to 4 of its 64 processors"},
      {"/ranks/0/shared_memory_bytes", 1 << 20, "a has 1.0 MiB free in /dev/shm"},
      {"/ranks/0/interfaces/0/name", "docker0", "a has several networks (docker0, eth0)"},
      {"/ranks/1/fabrics", {"mlx5_0"}, "b has mlx5_0, and MPI moves bytes by TCP"},
  };
  for (const Trouble& trouble : troubles) {
    json facts = healthy();
    facts[json::json_pointer(trouble.place)] = trouble.value;
    const std::vector<std::string> remarks = find_remarks(facts);
    ASSERT_EQ(remarks.size(), 1U) << trouble.place;
    EXPECT_NE(remarks[0].find(trouble.remark), std::string::npos) << remarks[0];
  }
}

TEST(Remarks, says_nothing_of_networks_where_there_is_one_host) {
  json facts = healthy();
  for (json& rank : facts["ranks"]) {
    rank["host"] = "a";
    rank["interfaces"][0]["name"] = "docker0";
    rank["threads"] = 1;
  }
  EXPECT_TRUE(find_remarks(facts).empty());
}

TEST(Report, lists_hosts_with_their_ranks_and_folds_processors) {
  const std::string text = describe(healthy());
  EXPECT_NE(text.find("4 ranks on 2 hosts"), std::string::npos) << text;
  EXPECT_LT(text.find("rank 2"), text.find("host b")) << text;
  EXPECT_NE(text.find("processors 2-3, 2 threads, clock +3.0 ms"), std::string::npos) << text;
  EXPECT_NE(text.find("eth0 10.0.0.1 (10000 Mbit/s)"), std::string::npos) << text;
  EXPECT_NE(text.find("nothing is in the way"), std::string::npos) << text;
}

TEST(Report, tells_of_devices_and_remarks) {
  json facts = healthy();
  facts["ranks"][0]["gpus"] = {
      {"driver", "12.4"}, {"devices", {{{"name", "NVIDIA H100"}, {"bytes", int64_t{80} << 30}}}}, {"nccl", "2.21.5"}};
  facts["remarks"] = {"something is odd"};
  const std::string text = describe(facts);
  EXPECT_NE(text.find("CUDA driver 12.4, NVIDIA H100 (80.0 GiB), NCCL 2.21.5"), std::string::npos) << text;
  EXPECT_NE(text.find("remark: something is odd"), std::string::npos) << text;
}

}  // namespace
}  // namespace gigahop::launch::doctor
