"""Evaluates expressions with CPython: its parser, its operators, its functions.

The first line of the standard input holds the names and their values as JSON, each further line
one expression. For each a line is written: `b`, `i`, `f` or `t` with the value, `s` where it is no
expression, or `x` where Headworks has no value: CPython raises an error, or a step gives an integer
of more than 64 bits, an infinity, NaN or a complex number. A `?` behind the line says that
Headworks may refuse the expression for its kinds of values: a part of it was not evaluated, or a
text was found to differ from a number.
"""

import ast
import json
import math
import operator
import sys

BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
UNARY = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
COMPARE = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def of_numbers(function):
    """Headworks compares texts with operators only."""

    def checked_first(*arguments):
        if any(isinstance(argument, str) for argument in arguments):
            raise TypeError
        return function(*arguments)

    return checked_first


FUNCTIONS = {
    "abs": abs,
    "min": of_numbers(min),
    "max": of_numbers(max),
    "round": round,
    "int": int,
    "float": float,
    "bool": bool,
    "len": len,
    "floor": math.floor,
    "ceil": math.ceil,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "ln": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "atan": math.atan,
    "hypot": math.hypot,
}


class NoValue(Exception):
    """What Headworks makes a bad sample of."""


def checked(value):
    if isinstance(value, bool) or isinstance(value, str):
        return value
    if isinstance(value, int):
        if -(2**63) <= value < 2**63:
            return value
    elif isinstance(value, float) and math.isfinite(value):
        return value
    raise NoValue


def refuse(operation, left, right):
    """Headworks knows no operator of texts but `+`, and CPython would work for hours on a number
    of a billion digits."""
    if isinstance(left, str) and operation is not ast.Add:
        raise NoValue
    if isinstance(right, str) and operation is ast.Mult:
        raise NoValue
    if isinstance(left, int) and isinstance(right, int) and 128 < right:
        if operation is ast.Pow and 1 < abs(left) or operation is ast.LShift and left != 0:
            raise NoValue


class Notes:
    """Whether CPython has left a part out, which a check of kinds looks at all the same."""

    partly = False


def evaluate(node, names):
    kind = type(node)
    if kind is ast.Constant:
        return checked(node.value)
    if kind is ast.Name:
        return names[node.id]
    if kind is ast.BinOp:
        left, right = evaluate(node.left, names), evaluate(node.right, names)
        refuse(type(node.op), left, right)
        return checked(BINARY[type(node.op)](left, right))
    if kind is ast.UnaryOp:
        return checked(UNARY[type(node.op)](evaluate(node.operand, names)))
    if kind is ast.Compare:
        left = evaluate(node.left, names)
        for op, comparator in zip(node.ops, node.comparators):
            right = evaluate(comparator, names)
            if isinstance(left, str) != isinstance(right, str):
                Notes.partly = True
            if not COMPARE[type(op)](left, right):
                Notes.partly |= comparator is not node.comparators[-1]
                return False
            left = right
        return True
    if kind is ast.BoolOp:
        value = None
        for operand in node.values:
            value = evaluate(operand, names)
            if bool(value) == isinstance(node.op, ast.Or):
                Notes.partly |= operand is not node.values[-1]
                return value
        return value
    if kind is ast.IfExp:
        Notes.partly = True
        taken = node.body if evaluate(node.test, names) else node.orelse
        return evaluate(taken, names)
    if kind is ast.Call:
        arguments = [evaluate(argument, names) for argument in node.args]
        return checked(FUNCTIONS[node.func.id](*arguments))
    raise AssertionError(f"unexpected {kind}")


def answer(line, names):
    try:
        tree = ast.parse(line, mode="eval")
    except SyntaxError:
        return "s"
    Notes.partly = False
    try:
        value = evaluate(tree.body, names)
    except (ArithmeticError, TypeError, ValueError, NoValue):
        return "x"
    return written(value) + (" ?" if Notes.partly else "")


def written(value):
    if isinstance(value, bool):
        return f"b {value}"
    if isinstance(value, int):
        return f"i {value}"
    if isinstance(value, float):
        return f"f {value!r}"
    return f"t {json.dumps(value)}"


def main():
    lines = sys.stdin.read().splitlines()
    names = json.loads(lines[0])
    sys.stdout.write("\n".join(answer(line, names) for line in lines[1:]) + "\n")


main()
