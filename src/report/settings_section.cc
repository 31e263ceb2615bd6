#include <algorithm>
#include <map>
#include <optional>

#include "config/settings.h"
#include "report/html.h"
#include "report/sections.h"

namespace gigahop::report {
namespace {

using config::Setting;

/// One setting, and its value in each run that has a configuration.
struct Row {
  std::string path;
  std::string default_value;
  std::vector<std::string> values;

  bool differs() const {
    return std::ranges::any_of(values, [&](const std::string& value) { return value != values.front(); });
  }
  bool is_default() const {
    return std::ranges::all_of(values, [&](const std::string& value) { return value == default_value; });
  }
};

std::vector<Row> rows_of(const std::vector<const RunData*>& runs) {
  std::vector<Row> rows;
  for (Setting& setting : config::list_settings({})) rows.push_back({setting.path, setting.value, {}});
  for (const RunData* run : runs) {
    const std::vector<Setting> settings = config::list_settings(*run->config);
    for (size_t i = 0; i < rows.size(); ++i) rows[i].values.push_back(settings[i].value);
  }
  return rows;
}

enum class Show { kAll, kDiffering, kChanged };

std::string settings_table(const std::vector<const RunData*>& runs, const std::vector<Row>& rows, Show show) {
  std::vector<std::string> head = {"setting"};
  for (const RunData* run : runs) head.push_back(escaped(run->name));
  head.emplace_back("default");
  std::vector<std::vector<std::string>> cells;
  for (const Row& row : rows) {
    if ((show == Show::kDiffering && !row.differs()) || (show == Show::kChanged && row.is_default())) continue;
    std::vector<std::string>& line = cells.emplace_back(std::vector<std::string>{escaped(row.path)});
    for (const std::string& value : row.values) line.push_back(escaped(value));
    line.push_back(escaped(row.default_value));
  }
  return cells.empty() ? "<p>None.</p>\n" : table(head, cells);
}

}  // namespace

std::string settings_section(const Runs& runs) {
  std::string html = "<h2>Settings</h2>\n";
  std::vector<const RunData*> configured;
  for (const RunData& run : runs) {
    if (run.config) {
      configured.push_back(&run);
    } else {
      html += missing(run.name, "it has no config.textproto that can be read");
    }
  }
  if (configured.empty()) return html;
  const std::vector<Row> rows = rows_of(configured);
  if (configured.size() > 1) {
    html += "<h3>What differs between the runs</h3>\n" + settings_table(configured, rows, Show::kDiffering);
  }
  html += "<h3>What is not as by default</h3>\n" + settings_table(configured, rows, Show::kChanged);
  return html + "<details><summary>All settings</summary>\n" + settings_table(configured, rows, Show::kAll) +
         "</details>\n";
}

}  // namespace gigahop::report
