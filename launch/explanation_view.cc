#include "launch/explanation_view.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace gigahop::launch {
namespace {

/// Places of the largest numbers, descending.
template <class Number>
std::vector<size_t> largest(const std::vector<Number>& numbers, size_t count) {
  std::vector<size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](size_t i) { return numbers[i]; });
  order.resize(std::min(order.size(), count));
  return order;
}

std::vector<NamedShare> classes_of(const std::vector<double>& shares, const proto::Dataset& dataset, size_t top) {
  std::vector<NamedShare> classes;
  for (const size_t c : largest(shares, top)) {
    classes.push_back({graph::class_name(dataset, static_cast<int64_t>(c)), shares[c]});
  }
  return classes;
}

CodewordView codeword_view(const train::AttendedCodeword& codeword, const proto::Dataset& dataset,
                           const graph::NodeNames& names) {
  constexpr size_t kClasses = 3;
  CodewordView view{.number = codeword.number,
                    .weight = codeword.weight,
                    .num_members = codeword.num_members,
                    .typical = {},
                    .classes = {}};
  for (const OriginalId id : codeword.typical) view.typical.push_back(names.name_or_id(id));
  const std::vector<int64_t>& counts = codeword.members_of_class;
  const double all = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  for (const size_t c : largest(counts, kClasses)) {
    if (counts[c] == 0) continue;
    view.classes.push_back({graph::class_name(dataset, static_cast<int64_t>(c)), static_cast<double>(counts[c]) / all});
  }
  return view;
}

std::string percent(const NamedShare& share) {
  return fmt::format("{} {:.1f}%", share.name, 100 * share.share);
}

std::string join_percents(const std::vector<NamedShare>& shares) {
  std::vector<std::string> words;
  for (const NamedShare& share : shares) words.push_back(percent(share));
  return fmt::format("{}", fmt::join(words, ", "));
}

nlohmann::json to_json_array(const std::vector<NamedShare>& shares, const char* name, const char* share) {
  nlohmann::json array = nlohmann::json::array();
  for (const NamedShare& one : shares) array.push_back({{name, one.name}, {share, one.share}});
  return array;
}

}  // namespace

ExplanationView view_of(const train::NodeExplanation& explained, const proto::Dataset& dataset,
                        const graph::NodeNames& names, size_t top) {
  ExplanationView view{.name = names.name_or_id(explained.node),
                       .id = explained.node.value,
                       .true_class = explained.label < 0 ? "" : graph::class_name(dataset, explained.label),
                       .classes = classes_of(explained.weights.probabilities, dataset, top),
                       .nodes = {},
                       .tokens = {},
                       .attention = {},
                       .codewords = {}};
  const std::vector<double>& readout = explained.weights.readout;
  for (size_t l = 0; l < explained.sample.size(); ++l) {
    const train::SampledNode& node = explained.sample[l];
    const double sum = readout.empty() ? 0 : readout[3 * l] + readout[3 * l + 1] + readout[3 * l + 2];
    view.nodes.push_back({.name = names.name_or_id(node.id),
                          .id = node.id.value,
                          .count = node.count,
                          .distance = node.distance,
                          .readout = sum});
  }
  const std::vector<size_t> tokens = largest(readout, top);
  for (const size_t t : tokens) {
    view.tokens.push_back({.node = t / 3, .hop = static_cast<int64_t>(t % 3), .readout = readout[t]});
    std::vector<double>& row = view.attention.emplace_back();
    for (const size_t s : tokens) row.push_back(explained.weights.attention[t * readout.size() + s]);
  }
  for (const train::AttendedCodeword& codeword : explained.codewords) {
    view.codewords.push_back(codeword_view(codeword, dataset, names));
  }
  return view;
}

std::string to_text(const ExplanationView& view) {
  std::string text = fmt::format("node {} (id {}), {}\n", view.name, view.id,
                                 view.true_class.empty() ? "unlabelled" : "of class " + view.true_class);
  const auto add = [&](const std::string& line) { text += line + "\n"; };
  add("predicted");
  for (const NamedShare& share : view.classes) add(fmt::format("  {:>6.2f}%  {}", 100 * share.share, share.name));
  if (!view.tokens.empty()) {
    add("tokens with the largest weight in the read-out (hop 0: the node's features, 1 and 2: averaged around it)");
    add("     weight  hop  distance  count  node");
  }
  for (size_t i = 0; i < view.tokens.size(); ++i) {
    const TokenView& token = view.tokens[i];
    const NodeView& node = view.nodes[token.node];
    add(fmt::format("  {:>2} {:>5.2f}%  {:>3}  {:>8}  {:>5}  {}", i + 1, 100 * token.readout, token.hop, node.distance,
                    node.count, node.name));
  }
  if (!view.attention.empty()) add("attention among them, in percent, from row to column");
  for (size_t i = 0; i < view.attention.size(); ++i) {
    std::string line = fmt::format("  {:>2}", i + 1);
    for (const double weight : view.attention[i]) line += fmt::format(" {:>5.1f}", 100 * weight);
    add(line);
  }
  if (!view.codewords.empty()) add("codewords attended to");
  for (const CodewordView& codeword : view.codewords) {
    add(fmt::format("  {:>6.2f}%  codeword {} of {} nodes{}{}", 100 * codeword.weight, codeword.number,
                    codeword.num_members, codeword.classes.empty() ? "" : ": ", join_percents(codeword.classes)));
    if (!codeword.typical.empty()) add(fmt::format("           such as {}", fmt::join(codeword.typical, ", ")));
  }
  return text;
}

std::string to_json(const ExplanationView& view) {
  using nlohmann::json;
  json document = {{"id", view.id},
                   {"name", view.name},
                   {"true_class", view.true_class.empty() ? json() : json(view.true_class)},
                   {"classes", to_json_array(view.classes, "class", "probability")},
                   {"nodes", json::array()},
                   {"tokens", json::array()},
                   {"attention", view.attention},
                   {"codewords", json::array()}};
  for (const NodeView& node : view.nodes) {
    document["nodes"].push_back({{"id", node.id},
                                 {"name", node.name},
                                 {"distance", node.distance},
                                 {"count", node.count},
                                 {"readout", node.readout}});
  }
  for (const TokenView& token : view.tokens) {
    document["tokens"].push_back({{"node", token.node}, {"hop", token.hop}, {"readout", token.readout}});
  }
  for (const CodewordView& codeword : view.codewords) {
    document["codewords"].push_back({{"codeword", codeword.number},
                                     {"weight", codeword.weight},
                                     {"members", codeword.num_members},
                                     {"typical", codeword.typical},
                                     {"classes", to_json_array(codeword.classes, "class", "share")}});
  }
  // Names are bytes of a file: what is no UTF-8 becomes a replacement character.
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace gigahop::launch
