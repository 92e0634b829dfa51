"""The form of a program: its syntax tree, without the names that its writer chose. Two programs of one form do the same
in the same way."""

import ast
import builtins
import hashlib
import warnings

KEPT = frozenset(dir(builtins))
# A tree as deep or long as this takes too long; its text is its form.
MAX_CHARACTERS = 20_000


def form_of(program: str) -> str:
    """A digest that is the same for programs that differ in layout, comments, docstrings and names alone.

    Names are those of variables, arguments and own functions, by the order in which they occur; names of builtins,
    imports, attributes and keywords of calls stay. A text that is not Python has its own digest.
    """
    try:
        if len(program) > MAX_CHARACTERS:
            raise ValueError
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(program)
            shape = ast.dump(Renamed(imported(tree)).visit(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        shape = " ".join(program.split())
    return hashlib.blake2b(shape.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def imported(tree: ast.Module) -> set[str]:
    found = (node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
    return {(alias.asname or alias.name).partition(".")[0] for node in found for alias in node.names}


class Renamed(ast.NodeTransformer):
    """Gives every own name its number; drops docstrings."""

    def __init__(self, kept: set[str]):
        self.kept, self.numbers = kept | KEPT, {}

    def number(self, name: str) -> str:
        return name if name in self.kept else self.numbers.setdefault(name, f"_{len(self.numbers)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.number(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self.number(node.arg)
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns = self.number(node.name), None
        if ast.get_docstring(node, clean=False) is not None and len(node.body) > 1:
            node.body = node.body[1:]
        return self.generic_visit(node)
