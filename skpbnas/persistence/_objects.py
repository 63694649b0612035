"""Between objects and what a file holds of them: a JSON document, and arrays beside it.

Plain values stand for themselves; everything else is a list that begins with its kind::

    ["list", ...]  ["tuple", ...]  ["set", ...]  ["dict", [key, value], ...]  ["bunch", [key, value], ...]
    ["array", k]  ["scalar", k]      the array number k; its only element
    ["objects", shape, ...]          an array of objects, such as names
    ["dtype", name]  ["type", name]  of NumPy
    ["function", name]  ["random", name, [array], position, has_gauss, gauss]
    ["object", k]                    the object number k, so that what is shared stays shared

and an object is its class and its attributes, or the arguments of a network and its weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.tree._tree import Tree
from sklearn.utils import Bunch

from ..predictors._network import GraphConvolutionalNetwork
from ._allowed import class_name, find_class, find_function, function_name

_TREE, _NETWORK = "tree", "network"  # instead of a class
_CONTAINERS: dict[type, str] = {list: "list", tuple: "tuple", set: "set", dict: "dict", Bunch: "bunch"}
_DEEPEST = 100


class Encoder:
    """Collects the objects and arrays that a value is made of."""

    def __init__(self) -> None:
        self.arrays: list[NDArray] = []
        self.objects: list[Any] = []
        self._known: dict[int, tuple[int, Any]] = {}  # the object, too, so that its id stays its own

    def encode(self, value: Any, where: str = "estimator") -> Any:
        """Return what the document holds of a value; ``where`` is its place, for errors."""
        if value is None or isinstance(value, bool) or type(value) in (int, float, str):
            return value
        kind = _CONTAINERS.get(type(value))
        if kind in ("dict", "bunch"):
            pairs = ((self.encode(k, where), self.encode(v, f"{where}[{k!r}]")) for k, v in value.items())
            return [kind, *map(list, pairs)]
        if kind is not None:
            return [kind, *(self.encode(item, f"{where}[{i}]") for i, item in enumerate(value))]
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value, where)
        if isinstance(value, np.dtype):
            return ["dtype", value.str]
        if isinstance(value, type) and issubclass(value, np.generic):
            return ["type", value.__name__]
        if isinstance(value, np.random.RandomState):
            name, key, *numbers = value.get_state(legacy=True)
            return ["random", name, self.encode(key, where), *numbers]
        if (function := function_name(value)) is not None:
            return ["function", function]
        return ["object", self._object(value, where)]

    def _array(self, value: NDArray | np.generic, where: str) -> Any:
        array = np.asarray(value)
        if array.dtype.hasobject:
            items = (self.encode(item, f"{where}[{i}]") for i, item in enumerate(array.ravel()))
            return ["objects", list(array.shape), *items]
        self.arrays.append(array)
        return ["array" if isinstance(value, np.ndarray) else "scalar", len(self.arrays) - 1]

    def _object(self, value: Any, where: str) -> int:
        if id(value) in self._known:
            return self._known[id(value)][0]
        number = len(self.objects)
        self.objects.append(None)
        self._known[id(value)] = number, value
        self.objects[number] = self._described(value, where)
        return number

    def _described(self, value: Any, where: str) -> Any:
        if isinstance(value, Tree):
            return [_TREE, self.encode([*value.__reduce__()[1], value.__getstate__()], where)]
        if isinstance(value, GraphConvolutionalNetwork):
            weights = {name: tensor.cpu().numpy() for name, tensor in value.state_dict().items()}
            return [_NETWORK, self.encode([value.arguments, weights], where)]
        name = class_name(type(value))
        if name is None:
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            raise TypeError(
                f"{where} is {value!r}, of {kind}: a file holds estimators of scikit-learn "
                f"and of this library, made of numbers; leave it out, or keep the estimator with joblib.dump"
            )
        state = value.__getstate__()
        return [name, self.encode({} if state is None else state, where)]


class Decoder:
    """Makes objects of what a file holds; raises some error where it is malformed."""

    def __init__(self, objects: Sequence[Any], arrays: Sequence[NDArray]) -> None:
        self._objects, self._arrays = objects, arrays
        self._made: dict[int, Any] = {}
        self._depth = 0

    def decode(self, value: Any) -> Any:
        """Return the value that the document holds."""
        if not isinstance(value, list):
            if isinstance(value, Mapping):
                raise ValueError("it holds a mapping, where lists and plain values belong")
            return value
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("it is nested too deeply, or holds itself")
        kind, *rest = value
        made = self._decode(kind, rest)
        self._depth -= 1
        return made

    def _decode(self, kind: str, rest: list[Any]) -> Any:
        if kind in ("list", "tuple", "set"):
            return {"list": list, "tuple": tuple, "set": set}[kind](self.decode(item) for item in rest)
        if kind in ("dict", "bunch"):
            pairs = {self.decode(key): self.decode(item) for key, item in rest}
            return pairs if kind == "dict" else Bunch(**pairs)
        if kind in ("array", "scalar"):
            array = self._arrays[_number(rest[0])]
            return array if kind == "array" else array[()]
        if kind == "objects":
            shape, *items = rest
            array = np.empty(len(items), object)
            array[:] = [self.decode(item) for item in items]
            return array.reshape(shape)
        if kind == "dtype":
            return np.dtype(str(rest[0]))
        if kind == "type":
            return np.dtype(str(rest[0])).type
        if kind == "random":
            name, key, *numbers = rest
            random = np.random.RandomState()
            random.set_state((str(name), self.decode(key), *numbers))
            return random
        if kind == "function":
            return find_function(str(rest[0]))
        if kind == "object":
            return self._object(_number(rest[0]))
        raise ValueError(f"it holds a value of the unknown kind {kind!r}")

    def _object(self, number: int) -> Any:
        if number not in self._made:
            name, content = self._objects[number]
            self._made[number] = self._make(name, self.decode(content))
        return self._made[number]

    def _make(self, name: str, content: Any) -> Any:
        if name == _TREE:
            return _make_tree(*content)
        if name == _NETWORK:
            return _make_network(*content)
        cls: Any = find_class(name)
        if not (isinstance(content, dict) and all(isinstance(key, str) for key in content)):
            raise ValueError(f"the attributes of {name} are not a mapping from names")
        made = cls.__new__(cls)
        if hasattr(made, "__setstate__"):
            made.__setstate__(content)
        else:
            made.__dict__.update(content)
        _check_trees(made)
        return made


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a number of an array or object")
    return value


def _check_trees(estimator: Any) -> None:
    """Refuse trees that ask for columns which the estimator does not see."""
    width = getattr(estimator, "n_features_in_", None)
    trees = [getattr(estimator, "tree_", None)]
    if not hasattr(estimator, "estimators_features_"):  # else the members see some columns each
        members = getattr(estimator, "estimators_", [])
        members = members.ravel() if isinstance(members, np.ndarray) else members
        trees += [getattr(member, "tree_", None) for member in members]
    if any(tree is not None and tree.n_features != width for tree in trees):
        raise ValueError(f"a decision tree of {type(estimator).__name__} asks for other columns than {width}")


def _make_tree(n_features: int, n_classes: NDArray, n_outputs: int, state: dict[str, Any]) -> Tree:
    """Return a decision tree; its compiled code follows numbers of nodes and features without looking."""
    nodes, n_nodes = state["nodes"], state["node_count"]
    left, right, feature = nodes["left_child"], nodes["right_child"], nodes["feature"]
    inner = left != -1
    first = np.arange(1, n_nodes + 1)  # a child comes after its parent, so that every way ends
    children = np.where(inner, np.minimum(left, right), first), np.where(inner, np.maximum(left, right), -1)
    features = feature[inner]
    whole = len(nodes) == n_nodes == len(state["values"]) and len(n_classes) == n_outputs
    if not (
        whole
        and (children[0] >= first).all()
        and (children[1] < n_nodes).all()
        and ((right != -1) == inner).all()
        and ((features >= 0) & (features < n_features)).all()
    ):
        raise ValueError("a decision tree asks for a node or a feature that is not there")
    tree = Tree(n_features, n_classes, n_outputs)
    tree.__setstate__(state)
    return tree


def _make_network(arguments: dict[str, Any], weights: dict[str, NDArray]) -> GraphConvolutionalNetwork:
    """Return a network, after a look at whether its weights have the sizes that its arguments ask for."""
    dims, n_members = [arguments["n_features"], *arguments["hidden_dims"]], arguments["n_members"]
    due = [(n_members, n_in, n_out * (1 + arguments["both"])) for n_in, n_out in pairwise(dims)]
    due.append((n_members, dims[-1], 1 + arguments["residual"]))
    found = [weights[f"weights.{layer}"].shape for layer in range(len(dims) - 1)]
    found.append(weights["output"].shape)
    if found != due:
        raise ValueError(f"a network has weights of the shapes {found}, where {due} belong")
    network = GraphConvolutionalNetwork(**arguments, generator=torch.Generator().manual_seed(0))
    network.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})
    return network
