/// TensorBoard's event files, with scalars, histograms and texts: records of a serialized proto, framed by lengths and
/// masked CRC-32C sums.
///
///   record: uint64 length, uint32 masked crc of the length, bytes, uint32 masked crc of the bytes; little-endian
///   masked: rotated right by 15 bits, plus 0xa282ead8, so that a sum over sums is no fixed point
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "proto/metrics.pb.h"

namespace gigahop::train {

/// CRC-32C (Castagnoli) of the bytes. Pure.
uint32_t crc32c(std::string_view bytes);
uint32_t masked_crc32c(std::string_view bytes);

/// One event as it lies in the file. Pure.
std::string format_record(const proto::TensorBoardEvent& event);

class EventFile {
 public:
  /// Opens a new file events.out.tfevents.SECONDS.HOST.PID in the folder. Error{kData} if that fails.
  explicit EventFile(const std::filesystem::path& folder);

  /// Appends one point to each curve that the metrics have a value for. False if the disk refused.
  bool append(const proto::Metrics& metrics);
  /// Text in Markdown.
  bool append_text(const std::string& tag, const std::string& text);
  /// By tag.
  bool append_histograms(int64_t step, const std::map<std::string, proto::TensorBoardHistogram>& histograms);

  const std::filesystem::path& path() const { return path_; }

 private:
  bool write(const proto::TensorBoardEvent& event);

  std::filesystem::path path_;
  std::ofstream stream_;
};

}  // namespace gigahop::train
