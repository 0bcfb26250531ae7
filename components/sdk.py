"""Load of a provider's SDK only what is used.

The SDKs of OVH and Scaleway import every one of their several hundred modules when the package is imported, which
takes half a second each on a small machine. `lazy` puts a package in place that imports the module of a class or
function when its name is first used; `make bench` measures the difference.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import types
from typing import Any


class _LazyPackage(types.ModuleType):
    """A package whose `__init__` is not run: its classes and functions are found by the SDKs' file names."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        function = re.fullmatch(r"(get_\w+?)(_output)?", name)
        file = function[1] if function else _file_name(name)
        for module_name in (f"{self.__name__}.{file}", f"{self.__name__}._inputs"):
            module = _import(module_name)
            if module is None:
                continue
            value = module if file == name else getattr(module, name, None)
            if function is not None:
                value = getattr(module, name, None)
            if value is not None:
                setattr(self, name, value)
                return value
        raise AttributeError(f"{self.__name__} has no {name}")


def _file_name(name: str) -> str:
    """`CloudSSHKey` is in cloud_ssh_key.py and `CloudSSHKeyArgs`, too; `S3Policy` is in s3_policy.py."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.removesuffix("Args"))
    return words.lower()


def _import(name: str) -> types.ModuleType | None:
    if name in sys.modules:
        return sys.modules[name]
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    if spec is None:
        return None
    return lazy(name) if spec.submodule_search_locations is not None else importlib.import_module(name)


def lazy(name: str) -> Any:
    """The package `name`, whose modules are imported when they are used.

    A package that has been imported already is returned as it is.
    """
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"the SDK {name} is not installed; `make setup` installs it")
    package = _LazyPackage(name)
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    package.__file__ = spec.origin
    sys.modules[name] = package
    return package
