/// Runs a fuzz target without libFuzzer: every file of a folder, then mutations of them that depend on their number
/// alone.
///
///   npy_fuzz FOLDER NUM_MUTATIONS       says which mutation was under way if one ends the process
///   npy_fuzz FOLDER NUM_MUTATIONS K     runs mutation K alone, and leaves it in ./mutation
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 12> kWords = {"1152921504606846976",
                                                     "9223372036854775807",
                                                     "-9223372036854775808",
                                                     "18446744073709551616",
                                                     "4294967296",
                                                     "-1",
                                                     "0",
                                                     "1e999",
                                                     "nan",
                                                     "\n",
                                                     "}",
                                                     "\""};
constexpr size_t kLongest = size_t{1} << 16;

volatile uint64_t under_way = 0;

/// Only what a signal handler may call.
void report(int) {
  char text[] = "the end of mutation 00000000000000000000\n";
  char* digit = text + sizeof(text) - 3;
  for (uint64_t left = under_way; left > 0; left /= 10) *digit-- = static_cast<char>('0' + left % 10);
  if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0) _exit(1);
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

void run(std::string_view bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

std::vector<std::string> read_files(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> files;
  for (const fs::path& path : paths) files.push_back(gigahop::read_text_file(path));
  return files;
}

/// One change of one to eight that a mutation is made of.
void change(std::string& bytes, const std::vector<std::string>& files, std::mt19937_64& random) {
  const size_t at = random() % (bytes.size() + 1);
  const size_t length = std::min<size_t>(random() % 16 + 1, bytes.size() - at);
  const std::string& other = files[random() % files.size()];
  switch (random() % 8) {
    case 0:
      if (length > 0) bytes[at] = static_cast<char>(bytes[at] ^ 1 << random() % 8);
      break;
    case 1:
      if (length > 0) bytes[at] = static_cast<char>(random());
      break;
    case 2:
      bytes.erase(at, length);
      break;
    case 3:
      bytes.insert(at, bytes.substr(at, length));
      break;
    case 4:
      bytes.resize(at);
      break;
    case 5:
      bytes.replace(at, length, kWords[random() % kWords.size()]);
      break;
    case 6:
      bytes.replace(at, bytes.size() - at, other.substr(std::min(at, other.size())));
      break;
    default:
      for (size_t i = at; i < at + length; ++i) bytes[i] = random() % 2 == 0 ? '\xff' : '\0';
  }
}

std::string mutation(const std::vector<std::string>& files, uint64_t number) {
  std::mt19937_64 random(number);
  std::string bytes = files[random() % files.size()];
  const uint64_t num_changes = random() % 8 + 1;
  for (uint64_t i = 0; i < num_changes; ++i) change(bytes, files, random);
  if (bytes.size() > kLongest) bytes.resize(kLongest);
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s FOLDER NUM_MUTATIONS [ONLY]\n", argv[0]);
    return 2;
  }
  const std::vector<std::string> files = read_files(argv[1]);
  const uint64_t num_mutations = std::strtoull(argv[2], nullptr, 10);
  if (files.empty()) {
    std::fprintf(stderr, "%s: expected at least one file, found none\n", argv[1]);
    return 1;
  }
  if (argc > 3) {
    const std::string bytes = mutation(files, std::strtoull(argv[3], nullptr, 10));
    std::ofstream("mutation", std::ios::binary) << bytes;
    run(bytes);
    return 0;
  }
  for (const std::string& bytes : files) run(bytes);
  std::signal(SIGABRT, report);
  for (under_way = 1; under_way <= num_mutations; under_way = under_way + 1) run(mutation(files, under_way));
  std::printf("%zu files, %llu mutations: each was data or one error\n", files.size(),
              static_cast<unsigned long long>(num_mutations));
  return 0;
}
