"""Breaks the policies on purpose, one place at a time, and lists the breakages that no case notices.

`python -m tests.policy.mutation [POLICY …]` asks every mutant of the named policies, or of all, what was recorded from
real previews (corpus.json), and writes survivors.txt. A mutant that survives is a line that could be wrong without
anybody knowing: it needs a case, or does the same in another way.
"""

from __future__ import annotations

import ast
import copy
import importlib.util
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf.json_format import ParseDict
from pulumi.runtime.proto import analyzer_pb2 as messages

from policies.model import Policy, Resource, Severity, Stack
from policies.registry import Registry
from policies.server import Analyzer
from sandbox.session import POLICIES
from tests.policy import recording
from tests.policy.cases import Case, System
from tests.policy.replay import CONTEXT, agrees, every_case

SURVIVORS: Final = Path(__file__).with_name("survivors.txt")
OPPOSITE: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True)
class Mutant:
    """A policy's module with one thing changed."""

    line: int
    change: str
    tree: ast.Module


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module's functions and tables."""
    tree = ast.parse(source)
    for index, node in enumerate(_nodes(tree)):
        for number, (change, _) in enumerate(_mutations(node)):
            mutated = copy.deepcopy(tree)
            target = next(one for position, one in enumerate(_nodes(mutated)) if position == index)
            list(_mutations(target))[number][1]()
            yield Mutant(getattr(node, "lineno", 0), change, ast.fix_missing_locations(mutated))


def _nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes that decide something: not the policy's own texts, nor annotations."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            for part in statement.body:
                annotations = {
                    node
                    for one in ast.walk(part)
                    if isinstance(one, ast.AnnAssign)
                    for node in ast.walk(one.annotation)
                }
                yield from (node for node in ast.walk(part) if node not in annotations)
        elif isinstance(statement, ast.AnnAssign) and statement.value and ast.unparse(statement.target) != "POLICY":
            yield from ast.walk(statement.value)


def _mutations(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """What can be changed at a node, with what changes it."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in OPPOSITE:
            other = OPPOSITE[type(operator)]()
            yield f"{ast.unparse(node)}: {type(other).__name__}", lambda: setattr(node, "ops", [other])
        case ast.BoolOp():
            changed = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield f"{ast.unparse(node)}: {type(changed).__name__}", lambda: setattr(node, "op", changed)
        case ast.If() | ast.IfExp():
            for value in (True, False):
                yield (
                    f"if {ast.unparse(node.test)}: {value}",
                    lambda value=value: setattr(node, "test", ast.Constant(value)),
                )
        case ast.Constant(value=bool(switch)):
            yield f"{switch}: {not switch}", lambda: setattr(node, "value", not switch)
        case ast.Constant(value=int(number)):
            yield f"{number}: {number + 1}", lambda: setattr(node, "value", number + 1)
        case ast.Expr(value=ast.Yield() | ast.YieldFrom()):
            nothing = ast.YieldFrom(ast.Tuple([], ast.Load()))
            yield f"{ast.unparse(node)[:60]}: nothing", lambda: setattr(node, "value", nothing)
        case ast.List() | ast.Set() | ast.Tuple() if len(node.elts) > 1:
            for index, element in enumerate(node.elts):
                yield f"without {ast.unparse(element)[:60]}", lambda index=index: node.elts.pop(index)
        case ast.Dict() if len(node.keys) > 1:
            for index, key in enumerate(node.keys):
                shown = ast.unparse(key) if key is not None else "**"
                yield f"without {shown[:80]}", lambda index=index: (node.keys.pop(index), node.values.pop(index))


Question = tuple[Case | System, Resource | Stack]


def questions(policy: str) -> list[Question]:
    """The cases of a policy as it is asked about them."""
    corpus = recording.load()
    asked: list[Question] = []
    for name, case in every_case():
        if name != policy:
            continue
        seen: list[Any] = []
        catch = Policy("catch", "D", "R", "C", Severity.LOW, "M", _catch(seen), _catch(seen))
        analyzer = Analyzer(Registry([catch]))
        if isinstance(case, Case):
            analyzer.analyze(ParseDict(corpus["resources"][name][case.title], messages.AnalyzeRequest()), CONTEXT)
            asked.append((case, seen[0]))
        else:
            stack = messages.AnalyzeStackRequest()
            analyzer.configure(messages.AnalyzerStackConfigureRequest(stack="test", config=case.config), CONTEXT)
            for question, resource in corpus["systems"][name][case.title]:
                analyzer.analyze(ParseDict(question, messages.AnalyzeRequest()), CONTEXT)
                ParseDict(resource, stack.resources.add())
            analyzer.analyze_stack(stack, CONTEXT)
            asked.append((case, seen[-1]))
    return asked


def _catch(seen: list[Any]) -> Any:
    def check(subject: Any) -> tuple[()]:
        seen.append(subject)
        return ()

    return check


def notices(policy: Policy, asked: Sequence[Question]) -> bool:
    """Whether some case is answered otherwise than it must be."""
    for case, subject in asked:
        check: Any = policy.check_stack if isinstance(subject, Stack) else policy.check
        try:
            found = [violation.problem for violation in check(subject)]
        except Exception:
            return True
        if not agrees(found, case.refused):
            return True
    return False


def loaded(file: Path, tree: ast.Module) -> Policy | None:
    """The policy of a mutated module; None where the module does not even load, which everybody notices."""
    spec = importlib.util.spec_from_file_location(f"policies.{file.stem}", file)
    assert spec is not None
    module = types.ModuleType(spec.name)
    module.__spec__, module.__file__ = spec, str(file)
    before = sys.modules.get(spec.name)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        exec(compile(tree, str(file), "exec"), module.__dict__)  # noqa: S102 - our own module
    except Exception:
        return None
    finally:
        if before is not None:
            sys.modules[spec.name] = before
    policy: Policy = module.__dict__["POLICY"]
    return policy


def survivors(name: str) -> tuple[list[str], int]:
    """The mutants of a policy that no case notices, and how many there are in all."""
    file = POLICIES / f"{name.replace('-', '_')}.py"
    asked = questions(name)
    left, count = [], 0
    for mutant in mutants(file.read_text()):
        count += 1
        policy = loaded(file, mutant.tree)
        if policy is not None and not notices(policy, asked):
            left.append(f"{file.name}:{mutant.line}: {mutant.change}")
    return left, count


def main(names: Sequence[str]) -> None:
    """Try the policies and write survivors.txt."""
    lines = []
    for name in names:
        left, count = survivors(name)
        lines += [f"# {name}: {count - len(left)} of {count} mutants are noticed; these are not", *sorted(left)]
        print(lines[-len(left) - 1])
    if set(names) == set(ALL):
        SURVIVORS.write_text("\n".join(lines) + "\n")


ALL: Final = tuple(dict.fromkeys(name for name, _ in every_case()))

if __name__ == "__main__":
    main(sys.argv[1:] or ALL)
