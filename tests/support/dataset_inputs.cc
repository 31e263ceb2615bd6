#include "support/dataset_inputs.h"

#include <zip.h>
#include <zlib.h>

#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "base/files.h"

namespace gigahop::tests {

namespace fs = std::filesystem;

fs::path fresh_test_folder() {
  const testing::TestInfo* const info = testing::UnitTest::GetInstance()->current_test_info();
  const fs::path folder = fs::path(testing::TempDir()) / "dataset_test" / info->test_suite_name() / info->name();
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

void write_file(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream stream(path, std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(stream.good()) << path;
}

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string gzip(std::string_view text) {
  z_stream stream = {};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void write_gzip(const fs::path& path, std::string_view text) {
  write_file(path, gzip(text));
}

std::string npy_bytes(std::string_view descr, std::string_view shape, std::string_view data) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", descr, shape);
  header.append(128 - 10 - 1 - header.size(), ' ');
  header += '\n';
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + std::string(data);
}

void write_npz(const fs::path& path, const std::map<std::string, std::string>& arrays) {
  fs::create_directories(path.parent_path());
  zip_t* const archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  ASSERT_NE(archive, nullptr) << path;
  for (const auto& [name, bytes] : arrays) {
    zip_source_t* const source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t entry = zip_file_add(archive, (name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
    ASSERT_GE(entry, 0);
    ASSERT_EQ(zip_set_file_compression(archive, static_cast<zip_uint64_t>(entry), ZIP_CM_DEFLATE, 6), 0);
  }
  ASSERT_EQ(zip_close(archive), 0) << path;
}

void expect_error(ErrorKind kind, const std::vector<std::string>& parts, const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(name(error.kind), name(kind)) << error.what();
    for (const std::string& part : parts) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << part << " is not in: " << error.what();
    }
    return;
  }
  ADD_FAILURE() << "nothing was thrown";
}

void expect_refused(const fs::path& output, const std::vector<std::string>& parts, const std::function<void()>& act) {
  expect_error(ErrorKind::kData, parts, act);
  EXPECT_FALSE(fs::exists(output)) << output;
  EXPECT_FALSE(fs::exists(partial_path(output))) << output;
}

Pairs edges_of(const graph::DatasetFolder& dataset) {
  const int64_t count = dataset.manifest().num_edges();
  std::vector<int64_t> sources(static_cast<size_t>(count));
  std::vector<int64_t> targets(static_cast<size_t>(count));
  dataset.read_edges(0, count, sources, targets);
  Pairs pairs;
  for (size_t i = 0; i < sources.size(); ++i) pairs.emplace_back(sources[i], targets[i]);
  return pairs;
}

std::vector<int64_t> ids_of(std::span<const OriginalId> ids) {
  std::vector<int64_t> values;
  for (const OriginalId id : ids) values.push_back(id.value);
  return values;
}

}  // namespace gigahop::tests
