# The part of the graphviz package that diagrams/ uses; the package itself is not marked as typed.
from collections.abc import Mapping

class Digraph:
    def __init__(
        self,
        name: str | None = None,
        *,
        graph_attr: Mapping[str, str] | None = None,
        node_attr: Mapping[str, str] | None = None,
        edge_attr: Mapping[str, str] | None = None,
    ) -> None: ...
    def node(self, name: str, label: str | None = None, **attrs: str) -> None: ...
    def edge(self, tail_name: str, head_name: str, label: str | None = None, **attrs: str) -> None: ...
    @property
    def source(self) -> str: ...

def escape(s: str) -> str: ...
