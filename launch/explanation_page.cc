#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "launch/explanation_view.h"
#include "report/html.h"

namespace gigahop::launch {
namespace {

using report::escaped;

constexpr double kCentre = 360;
constexpr size_t kMostNodes = 40;  // more are not legible

constexpr std::string_view kStyle = R"(
body { max-width: 60rem; } :root { --near: var(--c0); --far: var(--c1); --self: var(--c6); }
.d0 { fill: var(--self); } .d1 { fill: var(--near); } .d2 { fill: var(--far); }
line { stroke: var(--ink); stroke-opacity: .4; } pre { white-space: pre-wrap; }
@media (max-width: 40rem), print { pre { font-size: .72rem; } } @media screen and (max-width: 40rem) { svg text { font-size: 22px; } }
)";

/// The sample without the node itself: the largest weights, neighbours before others, so that each ring is together.
std::vector<NodeView> shown_nodes(const ExplanationView& view) {
  std::vector<NodeView> nodes(view.nodes.begin() + 1, view.nodes.end());
  std::ranges::stable_sort(nodes, std::greater(), &NodeView::readout);
  nodes.resize(std::min(nodes.size(), kMostNodes));
  std::ranges::stable_sort(nodes, {}, &NodeView::distance);
  return nodes;
}

std::string circle(const NodeView& node, double x, double y) {
  const double radius = 5 + 40 * std::sqrt(node.readout);
  return fmt::format(
      "<circle class=\"d{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"><title>{}: {:.2f}% of the read-out, {} "
      "time{} in the sample</title></circle>\n",
      node.distance, x, y, radius, escaped(node.name), 100 * node.readout, node.count, node.count == 1 ? "" : "s");
}

std::string label(const NodeView& node, double x, double y, std::string_view anchor) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escaped(node.name));
}

std::string picture(const ExplanationView& view) {
  const std::vector<NodeView> nodes = shown_nodes(view);
  std::string lines;
  std::string circles;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(nodes.size());
    const double distance = nodes[i].distance == 1 ? 150 : 250;
    const double x = kCentre + distance * std::cos(angle);
    const double y = kCentre + distance * std::sin(angle);
    lines += fmt::format("<line x1=\"{0}\" y1=\"{0}\" x2=\"{1:.1f}\" y2=\"{2:.1f}\" stroke-width=\"{3:.1f}\"/>\n",
                         kCentre, x, y, 0.5 + 20 * nodes[i].readout);
    const bool is_right = std::cos(angle) >= 0;
    const double away = (is_right ? 1 : -1) * (9 + 40 * std::sqrt(nodes[i].readout));
    circles += circle(nodes[i], x, y) + label(nodes[i], x + away, y + 4, is_right ? "start" : "end");
  }
  const NodeView& self = view.nodes.front();
  return fmt::format(
      "<svg viewBox=\"-80 60 880 600\" role=\"img\" aria-label=\"The sample around {}\">\n{}{}{}{}</svg>\n",
      escaped(view.name), lines, circles, circle(self, kCentre, kCentre),
      label(self, kCentre, kCentre - 9 - 40 * std::sqrt(self.readout), "middle"));
}

}  // namespace

std::string to_page(const ExplanationView& view) {
  const std::string body = fmt::format(
      "<h1>{}</h1>\n"
      "<p>What the model attends to around this node. Inner ring: neighbours; outer ring: nodes further away. The area "
      "of a circle and the width of its line are the node's weight in the read-out.</p>\n"
      "{}<pre>{}</pre>\n",
      escaped(view.name), picture(view), escaped(to_text(view)));
  return report::page(view.name, kStyle, body);
}

}  // namespace gigahop::launch
