"""A net as the graph that TensorBoard draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dlbench.state.event_records import NetBlock
from dlbench.state.stack_state import StackState

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.node_def_pb2 import NodeDef

INPUT = "input"
PRODUCER = 22
"""The version of the format, as torch's own writer says it."""


def graph(stack: StackState, started: float) -> Event | None:
    """The event of a stack's net; `None` where its worker has not told of it yet.

    A node a layer with what it puts out and trains; branches lie inside of their layer, which merges them.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.graph_pb2 import GraphDef
    from tensorboard.compat.proto.versions_pb2 import VersionDef

    chain = stack.net or tuple(NetBlock(one.name, one.kind, (), 0) for one in stack.layers)
    if not chain:
        return None
    nodes = [_node(INPUT, "input", ()), *_chain(chain, "", INPUT)]
    told = GraphDef(node=nodes, versions=VersionDef(producer=PRODUCER))
    return Event(wall_time=started, graph_def=told.SerializeToString())


def _chain(blocks: Sequence[NetBlock], inside: str, source: str) -> Iterator[NodeDef]:
    """The nodes of layers in a row that begin at the node `source`; those of branches come before what merges them."""
    for block in blocks:
        name = _output(inside, block)
        ends = [source]
        if block.branches:
            within = [f"{inside}{block.name}/branch{number}/" for number in range(1, len(block.branches) + 1)]
            for branch, prefix in zip(block.branches, within, strict=True):
                yield from _chain(branch, prefix, source)
            branches = zip(block.branches, within, strict=True)
            ends = [_output(prefix, branch[-1]) if branch else source for branch, prefix in branches]
        yield _node(name, block.kind, ends, block)
        source = name


def _output(inside: str, block: NetBlock) -> str:
    """The node that has what a layer puts out: of a layer of layers, which TensorBoard draws as a group, the one that merges."""
    return f"{inside}{block.name}/merge" if block.branches else f"{inside}{block.name}"


def _node(name: str, kind: str, inputs: Sequence[str], block: NetBlock | None = None) -> NodeDef:
    from tensorboard.compat.proto.attr_value_pb2 import AttrValue
    from tensorboard.compat.proto.node_def_pb2 import NodeDef
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

    node = NodeDef(name=name, op=kind, input=inputs)
    if block is not None:
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in (-1, *block.output)])
        node.attr["_output_shapes"].CopyFrom(AttrValue(list=AttrValue.ListValue(shape=[shape])))
        node.attr["parameters"].CopyFrom(AttrValue(i=block.parameters))
    return node
