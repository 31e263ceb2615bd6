/// Damages every file of a dataset, a partition and a checkpoint, one at a time, and looks who notices.
///
///   mutate_folders DATASET PARTITION CHECKPOINT
///
/// A file is cut at several lengths, has one bit flipped at places all over it, is replaced by every other file of its
/// folder, and is removed. A case is `refused` if opening the folder as the stages do is one Error{kData} that names
/// the file, `found` if only what `gigahop inspect --verify` does comes to that, else `missed`. A manifest decides what
/// the other files should be, so an error about its folder counts as one about the manifest. Prints the counts; exit
/// code 1 if anything was missed.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "dataset/verify.h"
#include "graph/dataset_folder.h"
#include "graph/local_graph.h"
#include "partition/verify.h"
#include "train/checkpoint_reader.h"

namespace gigahop {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFlipsPerFile = 61;

/// A folder with its two kinds of readers.
struct Subject {
  std::string kind;
  fs::path folder;
  std::function<void()> open;
  std::function<void()> verify;
};

struct Counts {
  int64_t cases = 0;
  int64_t refused = 0;
  int64_t found = 0;
  int64_t missed = 0;
};

void open_dataset(const fs::path& folder) {
  const graph::DatasetFolder dataset(folder);
  const int64_t num_edges = dataset.manifest().num_edges();
  std::vector<int64_t> sources(static_cast<size_t>(num_edges));
  std::vector<int64_t> targets(static_cast<size_t>(num_edges));
  dataset.read_edges(0, num_edges, sources, targets);
}

void open_partition(const fs::path& folder) {
  const auto num_parts = static_cast<size_t>(graph::read_partition_manifest(folder).num_parts());
  const graph::LocalGraph graph(folder, std::vector<int32_t>(num_parts, 0), 0);
  for (const graph::Shard& shard : graph.shards()) {
    shard.tokens();
    shard.positional();
  }
}

void open_checkpoint(const fs::path& folder, const proto::Partition& partition) {
  const train::CheckpointReader checkpoint(folder);
  checkpoint.model();
  checkpoint.optimizer();
  const int64_t num_codewords = checkpoint.manifest().config().model().num_codewords();
  for (int part = 0; part < partition.num_parts(); ++part) {
    checkpoint.codes(part, partition.parts(part).num_owned(), num_codewords);
  }
}

void verify_checkpoint(const fs::path& folder) {
  train::CheckpointReader(folder).model();
}

/// The contents of all files, by path within the folder.
std::map<std::string, std::string> read_folder(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = read_text_file(entry.path());
  }
  return files;
}

struct Mutation {
  std::string what;
  std::optional<std::string> bytes;  // nothing: the file is removed
};

std::vector<Mutation> mutations_of(const std::string& file, const std::map<std::string, std::string>& files) {
  const std::string& good = files.at(file);
  std::vector<Mutation> mutations = {{"removed", std::nullopt}};
  for (const size_t length : {size_t{0}, size_t{1}, good.size() / 2, good.size() - 1}) {
    mutations.push_back({fmt::format("cut to {} bytes", length), good.substr(0, length)});
  }
  for (size_t flip = 0; flip < kFlipsPerFile; ++flip) {
    const size_t at = flip * (good.size() - 1) / (kFlipsPerFile - 1);
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 1 << flip % 8);
    mutations.push_back({fmt::format("bit {} of byte {} flipped", flip % 8, at), std::move(bytes)});
  }
  for (const auto& [other, bytes] : files) {
    if (other != file) mutations.push_back({"replaced by " + other, bytes});
  }
  std::erase_if(mutations, [&](const Mutation& mutation) { return mutation.bytes == good; });
  return mutations;
}

/// The message of the one error, if there is one, of the right kind, about `file`.
bool notices(const std::function<void()>& read, const Subject& subject, const std::string& file, std::string& heard) {
  try {
    read();
    heard = "nothing";
    return false;
  } catch (const Error& error) {
    heard = error.what();
    const fs::path path = subject.folder / file;
    const bool is_manifest = path.extension() == ".textproto";
    return error.kind == ErrorKind::kData &&
           heard.find((is_manifest ? path.parent_path() : path).string()) != std::string::npos;
  }
}

void put(const fs::path& path, const std::optional<std::string>& bytes) {
  fs::remove(path);
  if (!bytes.has_value()) return;
  OutputFile file(path);
  file.append(std::as_bytes(std::span(*bytes)));
}

Counts mutate(const Subject& subject) {
  Counts counts;
  subject.open();
  subject.verify();
  const std::map<std::string, std::string> files = read_folder(subject.folder);
  for (const auto& [file, good] : files) {
    for (const Mutation& mutation : mutations_of(file, files)) {
      put(subject.folder / file, mutation.bytes);
      std::string opened;
      std::string verified;
      ++counts.cases;
      if (notices(subject.open, subject, file, opened)) {
        ++counts.refused;
      } else if (opened == "nothing" && notices(subject.verify, subject, file, verified)) {
        ++counts.found;
      } else {
        ++counts.missed;
        fmt::print("missed: {}/{} {}: opening says: {}; verifying says: {}\n", subject.kind, file, mutation.what,
                   opened, verified);
      }
    }
    put(subject.folder / file, good);
  }
  subject.verify();
  return counts;
}

int mutate_all(const fs::path& dataset, const fs::path& partition, const fs::path& checkpoint) {
  const proto::Partition manifest = graph::read_partition_manifest(partition);
  const std::vector<Subject> subjects = {
      {"dataset", dataset, [&] { open_dataset(dataset); }, [&] { dataset::verify_dataset(dataset); }},
      {"partition", partition, [&] { open_partition(partition); }, [&] { partition::verify_partition(partition); }},
      {"checkpoint", checkpoint, [&] { open_checkpoint(checkpoint, manifest); },
       [&] { verify_checkpoint(checkpoint); }}};
  int64_t missed = 0;
  fmt::print("{:<12} {:>8} {:>8} {:>8} {:>8}\n", "folder", "cases", "refused", "found", "missed");
  for (const Subject& subject : subjects) {
    const Counts counts = mutate(subject);
    fmt::print("{:<12} {:>8} {:>8} {:>8} {:>8}\n", subject.kind, counts.cases, counts.refused, counts.found,
               counts.missed);
    missed += counts.missed;
  }
  return missed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace gigahop

int main(int argc, char** argv) {
  if (argc == 4) return gigahop::mutate_all(argv[1], argv[2], argv[3]);
  fmt::print(stderr, "usage: {} DATASET PARTITION CHECKPOINT\n", argv[0]);
  return 2;
}
