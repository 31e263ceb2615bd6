#include "dataset/package_list.h"

#include <algorithm>
#include <cmath>

#include "base/checksum.h"
#include "base/error.h"
#include "dataset/fields.h"

namespace gigahop::dataset {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// One stanza as it is read, field by field.
class Stanza {
 public:
  bool empty() const { return is_empty_; }

  void add_field(std::string_view field, std::string_view value) {
    is_empty_ = false;
    open_ = text_of(field);
    if (open_ != nullptr) *open_ = value;
  }
  void continue_field(std::string_view value) {
    if (open_ == nullptr) return;
    open_->push_back(' ');
    open_->append(value);
  }

  Package take(const std::string& place) {
    if (package_.name.empty()) throw data_error(place, "a stanza with a field Package", "one without");
    const size_t slash = package_.section.rfind('/');
    if (slash != std::string::npos) package_.section.erase(0, slash + 1);
    for (const std::string& field : dependencies_) {
      for (std::string& dependency : dependency_names(field)) package_.dependencies.push_back(std::move(dependency));
    }
    return std::move(package_);
  }

 private:
  std::string* text_of(std::string_view field) {
    if (field == "Package") return &package_.name;
    if (field == "Section") return &package_.section;
    if (field == "Description" || field == "Description-en") return &package_.description;
    if (field == "Tag") return &package_.tags;
    if (field == "Pre-Depends") return &dependencies_[0];
    if (field == "Depends") return &dependencies_[1];
    if (field == "Recommends") return &dependencies_[2];
    return nullptr;
  }

  Package package_;
  std::array<std::string, 3> dependencies_;
  std::string* open_ = nullptr;
  bool is_empty_ = true;
};

template <class Take>
void for_each_word(std::string_view text, std::string& word, Take&& take) {
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? to_lower(text[i]) : ' ';
    if (is_word(c)) {
      word.push_back(c);
    } else if (!word.empty()) {
      take(word);
      word.clear();
    }
  }
}

}  // namespace

std::vector<std::string> dependency_names(std::string_view field) {
  std::vector<std::string> names;
  while (!field.empty()) {
    const size_t end = std::min(field.find_first_of(",|"), field.size());
    const std::string_view entry = trim(field.substr(0, end));
    const std::string_view found = entry.substr(0, entry.find_first_of(" \t(:[<"));
    if (!found.empty()) names.emplace_back(found);
    field.remove_prefix(std::min(end + 1, field.size()));
  }
  return names;
}

void read_packages(LineReader& reader, const std::function<void(Package&&)>& take) {
  std::optional<Stanza> stanza(std::in_place);
  std::string_view line;
  const auto finish_stanza = [&] {
    if (stanza->empty()) return;
    take(stanza->take(reader.place()));
    stanza.emplace();
  };
  while (reader.next(line)) {
    if (trim(line).empty()) {
      finish_stanza();
    } else if (line.front() == ' ' || line.front() == '\t') {
      if (stanza->empty()) throw data_error(reader.place(), "a field `Name: value`", quoted(line));
      stanza->continue_field(trim(line));
    } else {
      const size_t colon = line.find(':');
      if (colon == std::string_view::npos) throw data_error(reader.place(), "a field `Name: value`", quoted(line));
      stanza->add_field(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
  }
  finish_stanza();
}

void hash_words(const Package& package, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0F);
  std::string word;
  const auto add = [&](const std::string& text) {
    const uint64_t hash = checksum_of(std::string_view(text));
    out[(hash >> 1) % out.size()] += (hash & 1) != 0 ? 1.0F : -1.0F;
  };
  for_each_word(package.description, word, add);
  for_each_word(package.tags, word, add);
  double squares = 0;
  for (float& value : out) {
    value = std::copysign(std::log1p(std::abs(value)), value);
    squares += static_cast<double>(value) * value;
  }
  if (squares == 0) return;
  const auto scale = static_cast<float>(std::sqrt(static_cast<double>(out.size()) / squares));
  for (float& value : out) value *= scale;
}

}  // namespace gigahop::dataset
