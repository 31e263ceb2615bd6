/// An explanation with names in place of numbers, ready to be shown: as text, as JSON, as a picture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/node_names.h"
#include "train/explainer.h"

namespace gigahop::launch {

struct NamedShare {
  std::string name;
  double share = 0;
};

/// A node of the sample, all its hops together.
struct NodeView {
  std::string name;
  int64_t id = 0;
  int64_t count = 0;
  int64_t distance = 0;
  double readout = 0;
};

struct TokenView {
  size_t node = 0;  // place in ExplanationView::nodes
  int64_t hop = 0;  // 0: its own features, 1 and 2: averaged over so many hops
  double readout = 0;
};

struct CodewordView {
  int64_t number = 0;
  double weight = 0;
  int64_t num_members = 0;
  std::vector<std::string> typical;
  std::vector<NamedShare> classes;  // of the members, the largest shares
};

struct ExplanationView {
  std::string name;
  int64_t id = 0;
  std::string true_class;                      // empty: unlabelled
  std::vector<NamedShare> classes;             // by descending probability
  std::vector<NodeView> nodes;                 // the whole sample, the node itself first
  std::vector<TokenView> tokens;               // by descending weight in the read-out
  std::vector<std::vector<double>> attention;  // [tokens][tokens] from row to column
  std::vector<CodewordView> codewords;
};

/// `top`: of classes, tokens and codewords at most so many. Pure.
ExplanationView view_of(const train::NodeExplanation& explained, const proto::Dataset& dataset,
                        const graph::NodeNames& names, size_t top);

std::string to_text(const ExplanationView& view);
std::string to_json(const ExplanationView& view);
/// One HTML page that needs nothing else: the sample around the node, each node as large as its weight in the read-out.
std::string to_page(const ExplanationView& view);

}  // namespace gigahop::launch
