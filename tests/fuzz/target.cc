#include "target.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace gigahop::fuzz {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(std::string_view expected, std::string_view found) {
  std::fprintf(stderr, "expected %.*s, found %.*s\n", static_cast<int>(expected.size()), expected.data(),
               static_cast<int>(found.size()), found.data());
  std::abort();
}

struct Scratch {
  Scratch() {
    std::string name = (fs::is_directory("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) / "fuzzXXXXXX";
    if (mkdtemp(name.data()) == nullptr) fail("a scratch folder", name);
    path = name;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

}  // namespace

const fs::path& scratch() {
  static const Scratch folder;
  return folder.path;
}

fs::path write_input(const std::string& name, std::string_view bytes) {
  fs::path path = scratch() / name;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) fail("a written file", path.string());
  return path;
}

void expect_data_or_error(const std::function<void()>& read, std::string_view named, ErrorKind kind) {
  try {
    read();
  } catch (const Error& error) {
    const std::string_view message = error.what();
    if (error.kind != kind) fail(std::string("an error of kind ") + std::string(name(kind)), message);
    if (message.find(named) == std::string_view::npos)
      fail(std::string("an error that names ") + std::string(named), message);
  }
}

}  // namespace gigahop::fuzz
