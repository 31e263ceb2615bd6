#include "dataset/edge_spool.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace gigahop::dataset {
namespace {

constexpr size_t kBufferIds = size_t{1} << 17;

}  // namespace

EdgeSpool::Row::Row(const std::filesystem::path& path) : file(path) {
  buffer.reserve(kBufferIds);
}

void EdgeSpool::Row::append(std::span<const int64_t> ids) {
  if (buffer.size() + ids.size() > kBufferIds) flush();
  if (ids.size() > kBufferIds) {
    file.append(std::as_bytes(ids));
  } else {
    buffer.insert(buffer.end(), ids.begin(), ids.end());
  }
}

void EdgeSpool::Row::flush() {
  file.append(std::as_bytes(std::span<const int64_t>(buffer)));
  buffer.clear();
}

void EdgeSpool::Row::copy_to(array::NpyWriter& writer) {
  flush();
  std::ifstream stream(file.path(), std::ios::binary);
  buffer.resize(kBufferIds);
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(buffer));
  while (stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())),
         stream.gcount() > 0) {
    writer.append_bytes(bytes.first(static_cast<size_t>(stream.gcount())));
  }
  if (stream.bad()) throw data_error(file.path().string(), "a readable temporary file", "a read error");
  std::filesystem::remove(file.path());
}

EdgeSpool::EdgeSpool(std::filesystem::path folder)
    : folder_(std::move(folder)), sources_(folder_ / "sources.tmp"), targets_(folder_ / "targets.tmp") {}

void EdgeSpool::append_pairs(std::span<const int64_t> sources, std::span<const int64_t> targets) {
  require(sources.size() == targets.size(), "an edge has two ends");
  sources_.append(sources);
  targets_.append(targets);
  num_edges_ += static_cast<int64_t>(sources.size());
}

array::ArrayFile EdgeSpool::finish() {
  array::NpyWriter writer(folder_ / "edges.npy", array::DType::kInt64, {2, num_edges_});
  sources_.copy_to(writer);
  targets_.copy_to(writer);
  return writer.finish();
}

}  // namespace gigahop::dataset
