"""The twelve solutions as one program: imports at the top, a line for each docstring, no marks."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable

from course.files import MODEL, read_source, solution_path
from course.stubs import BEGIN, DETAIL, END

TITLE = '"""GPT-2 in one file: the twelve steps, as `gpt2 show` prints them."""'
_MARKS = re.compile(rf" *{BEGIN}.*\n( *{DETAIL}.*\n)*| *{END}\n|# ANCHOR: .*\n")


def whole_model() -> str:
    """The program's text: `GPT2LMHeadModel`, `generate`, and all that they need."""
    sources = [_MARKS.sub("", read_source(solution_path(number))) for number in MODEL]
    trees = [ast.parse(source) for source in sources]
    steps = [_step(source, tree) for source, tree in zip(sources, trees, strict=True)]
    return "\n\n\n".join([f"{TITLE}\n\n{_imports(trees)}", *steps]) + "\n"


def _step(source: str, tree: ast.Module) -> str:
    """What a step defines, below a comment with its title."""
    lines = source.split("\n")
    # From below, so that the numbers of the lines above stay right.
    for node in sorted(ast.walk(tree), key=lambda node: -getattr(node, "lineno", 0)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            whole, first = node.body[0], ast.get_docstring(node).split("\n")[0]
            short = f'{" " * whole.col_offset}"""{first}"""'
            lines[whole.lineno - 1 : whole.end_lineno] = [short]
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    code = "\n".join(lines[imports[-1].end_lineno :]).strip("\n")
    return f"# {ast.get_docstring(tree).splitlines()[0]}\n{code}"


def _imports(trees: Iterable[ast.Module]) -> str:
    """The imports of all steps, but for those of one another, as ruff sorts them."""
    modules, names = set(), defaultdict(set)
    for node in (node for tree in trees for node in tree.body):
        if isinstance(node, ast.Import):
            modules.add(ast.unparse(node))
        elif isinstance(node, ast.ImportFrom) and not node.module.startswith("solutions."):
            for name in node.names:  # one that is renamed has a line of its own
                names[node.module, name.asname and name.name].add(ast.unparse(name))
    lines = sorted(modules) + [
        f"from {module} import {', '.join(sorted(names[module, renamed]))}"
        for module, renamed in sorted(names, key=str)
    ]
    pythons = [line for line in lines if re.split(r"[ .]", line)[1] in sys.stdlib_module_names]
    return "\n".join([*pythons, "", *(line for line in lines if line not in pythons)])
