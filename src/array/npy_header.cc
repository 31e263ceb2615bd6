#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "array/npy.h"
#include "base/error.h"

namespace gigahop::array {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxHeaderBytes = 65536;
constexpr size_t kAlignment = 64;
constexpr size_t kGrowthDigits = 21;  // as numpy: the first extent may grow in place to any 64-bit number

struct Descr {
  DType dtype;
  std::string_view text;
};

constexpr std::array<Descr, 12> kDescrs = {{
    {DType::kBool, "|b1"},
    {DType::kInt8, "|i1"},
    {DType::kUInt8, "|u1"},
    {DType::kInt16, "<i2"},
    {DType::kUInt16, "<u2"},
    {DType::kInt32, "<i4"},
    {DType::kUInt32, "<u4"},
    {DType::kInt64, "<i8"},
    {DType::kUInt64, "<u8"},
    {DType::kFloat16, "<f2"},
    {DType::kFloat32, "<f4"},
    {DType::kFloat64, "<f8"},
}};

std::string_view descr_of(DType dtype) {
  if (dtype == DType::kBFloat16) dtype = DType::kUInt16;
  return std::find_if(kDescrs.begin(), kDescrs.end(), [&](const Descr& d) { return d.dtype == dtype; })->text;
}

/// What a message shows of bytes that may be anything.
std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, 40)) shown += c >= 32 && c < 127 ? c : '?';
  return '"' + shown + (text.size() > 40 ? "...\"" : "\"");
}

/// The Python dict of a header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, keys in any order.
class DictParser {
 public:
  DictParser(std::string_view text, std::string_view place) : text_(text), rest_(text), place_(place) {}

  void parse(NpyHeader& header) {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !has_descr_) {
        parse_descr(header);
      } else if (key == "fortran_order" && !has_order_) {
        parse_order();
      } else if (key == "shape" && !has_shape_) {
        parse_shape(header);
      } else {
        throw wrong("the keys descr, fortran_order and shape once each", printable(key));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!rest_.empty()) throw wrong("the end of the header", printable(rest_));
    if (!has_descr_ || !has_order_ || !has_shape_) throw wrong("the keys descr, fortran_order and shape", "fewer");
  }

 private:
  Error wrong(std::string_view expected, std::string_view found, std::string_view hint = "") const {
    return data_error(fmt::format("{}: npy header, character {}", place_, text_.size() - rest_.size()), expected, found,
                      hint);
  }

  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }

  bool accept(char c) {
    skip_space();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!accept(c)) throw wrong(fmt::format("'{}'", c), rest_.empty() ? "the end" : printable(rest_));
  }

  std::string_view quoted() {
    skip_space();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) {
      throw wrong("a quoted word", rest_.empty() ? "the end" : printable(rest_),
                  "structured dtypes are not read, save each field as an array of its own");
    }
    const size_t end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos) throw wrong("a closing quote", "the end");
    const std::string_view word = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return word;
  }

  void parse_descr(NpyHeader& header) {
    const std::string_view descr = quoted();
    const auto* const known =
        std::find_if(kDescrs.begin(), kDescrs.end(), [&](const Descr& d) { return d.text == descr; });
    if (known == kDescrs.end()) {
      throw wrong("a little-endian integer, float or bool dtype", printable(descr),
                  !descr.empty() && descr[0] == '>' ? "convert it with array.astype(array.dtype.newbyteorder('<'))"
                                                    : "convert it with array.astype(...)");
    }
    header.dtype = known->dtype;
    has_descr_ = true;
  }

  void parse_order() {
    skip_space();
    if (rest_.starts_with("True")) {
      throw wrong("C order", "Fortran order", "save numpy.ascontiguousarray(array) instead");
    }
    if (!rest_.starts_with("False")) throw wrong("True or False", printable(rest_));
    rest_.remove_prefix(5);
    has_order_ = true;
  }

  void parse_shape(NpyHeader& header) {
    expect('(');
    while (!accept(')')) {
      header.shape.push_back(extent());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    has_shape_ = true;
  }

  int64_t extent() {
    skip_space();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || value < 0) throw wrong("an extent >= 0", printable(rest_));
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }

  std::string_view text_;
  std::string_view rest_;
  std::string_view place_;
  bool has_descr_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

/// Extents whose product in bytes fits 63 bits, zero extents counted as one so that no single extent can be absurd.
void require_addressable(const NpyHeader& header, std::string_view place) {
  int64_t total = bytes_of(header.dtype);
  bool overflows = false;
  for (const int64_t extent : header.shape) {
    overflows = overflows || __builtin_mul_overflow(total, std::max<int64_t>(extent, 1), &total);
  }
  if (overflows || total >= (int64_t{1} << 62)) {
    throw data_error(place, "an array of less than 2^62 bytes",
                     fmt::format("shape ({})", fmt::join(header.shape, ", ")), "the header is damaged");
  }
}

}  // namespace

int64_t NpyHeader::num_elements() const {
  return num_rows() * row_elements();
}

int64_t NpyHeader::num_rows() const {
  return shape.empty() ? 1 : shape[0];
}

int64_t NpyHeader::row_elements() const {
  int64_t product = 1;
  for (size_t axis = 1; axis < shape.size(); ++axis) product *= shape[axis];
  return product;
}

int64_t NpyHeader::file_bytes() const {
  return data_offset + num_elements() * bytes_of(dtype);
}

NpyHeader parse_npy_header(std::span<const std::byte> bytes, std::string_view place) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic) || text.size() < 10) {
    throw data_error(place, "an npy file", text.empty() ? "no bytes" : "something else",
                     "it is no .npy file, or truncated");
  }
  const int version = static_cast<unsigned char>(text[6]);
  if (version < 1 || version > 3 || text[7] != 0) {
    throw data_error(place, "npy format 1.0, 2.0 or 3.0",
                     fmt::format("{}.{}", version, static_cast<unsigned char>(text[7])));
  }
  const size_t length_bytes = version == 1 ? 2 : 4;
  const size_t start = kMagic.size() + 2 + length_bytes;
  if (text.size() < start) throw data_error(place, "an npy header", "the end of the file", "the file is truncated");
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i)
    length |= static_cast<size_t>(std::to_integer<uint8_t>(bytes[8 + i])) << 8 * i;
  if (length > kMaxHeaderBytes || text.size() - start < length) {
    throw data_error(place, fmt::format("an npy header of {} bytes", length),
                     fmt::format("{} bytes", text.size() - start), "the file is truncated or damaged");
  }
  NpyHeader header;
  DictParser(text.substr(start, length), place).parse(header);
  header.data_offset = static_cast<int64_t>(start + length);
  require_addressable(header, place);
  return header;
}

std::string format_npy_header(DType dtype, std::span<const int64_t> shape) {
  std::string extents = fmt::format("{}", fmt::join(shape.begin(), shape.end(), ", "));
  if (shape.size() == 1) extents += ",";
  std::string dict =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr_of(dtype), extents);
  if (!shape.empty()) dict.append(kGrowthDigits - std::to_string(shape[0]).size(), ' ');
  const size_t unpadded = kMagic.size() + 4 + dict.size() + 1;
  dict.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  dict += '\n';
  std::string header(kMagic);
  header += {'\x01', '\0', static_cast<char>(dict.size() & 0xff), static_cast<char>(dict.size() >> 8)};
  return header + dict;
}

}  // namespace gigahop::array
