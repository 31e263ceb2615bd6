"""Cut, balance, halo and communication volume of parts: the one measure that all competitors are held to."""
import numpy

ROWS_AT_A_TIME = 1 << 18


def constraint_weights(graph, num_parts):
    """Name and weight per node of what a partition balances, by the rules of gigahop's partition stage: a node counts at
    most half a part's share of the entries, and training nodes only if there are two or more for each part."""
    degrees = numpy.diff(graph.row_offsets)
    heaviest = max(1, graph.num_entries // (2 * num_parts))
    weights = {"nodes": numpy.ones(graph.num_nodes, dtype=numpy.int64)}
    if graph.num_entries:
        weights["edges"] = numpy.minimum(degrees, heaviest)
    if graph.is_train.sum() >= 2 * num_parts:
        weights["train"] = graph.is_train.astype(numpy.int64)
    return weights


def is_within(part_of_node, weights, num_parts, imbalance):
    """Whether no part exceeds (1 + imbalance) of the average, or what whole nodes allow."""
    loads = numpy.bincount(part_of_node, weights, minlength=num_parts)
    total = int(weights.sum())
    limit = max((1 + imbalance) * total / num_parts, -(-total // num_parts), int(weights.max()))
    return bool(loads.max() <= limit + 1e-6)


def balance(part_of_node, weights, num_parts):
    loads = numpy.bincount(part_of_node, weights, minlength=num_parts)
    return float(loads.max() * num_parts / max(1, weights.sum()))


def count_cut_and_halo(graph, part_of_node, num_parts):
    """Directed entries between parts, and for each part the distinct neighbours that are elsewhere."""
    cut = 0
    is_seen = numpy.zeros((num_parts, graph.num_nodes), dtype=bool)
    for first in range(0, graph.num_nodes, ROWS_AT_A_TIME):
        last = min(first + ROWS_AT_A_TIME, graph.num_nodes)
        offsets = graph.row_offsets[first:last + 1]
        columns = graph.column_ids[offsets[0]:offsets[-1]]
        parts = numpy.repeat(part_of_node[first:last], numpy.diff(offsets))
        is_cut = parts != part_of_node[columns]
        cut += int(numpy.count_nonzero(is_cut))
        is_seen[parts[is_cut], columns[is_cut]] = True
    return cut, is_seen.sum(axis=1)


def evaluate(graph, part_of_node, num_parts, imbalance):
    assert part_of_node.shape == (graph.num_nodes,), "one part for each node"
    assert part_of_node.min() >= 0 and part_of_node.max() < num_parts, "parts in range"
    cut, halo = count_cut_and_halo(graph, part_of_node, num_parts)
    weights = constraint_weights(graph, num_parts)
    degrees = numpy.diff(graph.row_offsets)
    return {
        "cut_edges": cut // 2,
        "cut_share": cut / max(1, graph.num_entries),
        "node_balance": balance(part_of_node, weights["nodes"], num_parts),
        "edge_balance": balance(part_of_node, degrees, num_parts),
        "train_balance": balance(part_of_node, graph.is_train, num_parts),
        "outside_bound": [name for name, values in weights.items()
                          if not is_within(part_of_node, values, num_parts, imbalance)],
        "halo_per_node": float(halo.sum() / graph.num_nodes),
        "communication_volume": int(halo.sum()),
        "largest_halo": int(halo.max()),
        "empty_parts": int(num_parts - len(numpy.unique(part_of_node))),
    }
