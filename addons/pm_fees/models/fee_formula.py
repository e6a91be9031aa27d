"""Formulas of tariffs: parsed once into a small checked tree, computed by PostgreSQL for every unit of a run.

Allowed are numbers, the variables below, + - * / and their typographic forms, brackets, min(), max() and round(). Nothing
is ever executed as Python. A missing value or a division by zero gives *no* amount, never 0: the row is refused.
"""

import ast
from decimal import Decimal, DivisionByZero, InvalidOperation

from odoo.tools import SQL

# What a formula may name, in English or Chinese; areas of 0 count as missing.
VARIABLES = {
    "area": ("计费面积", "面积"),
    "built": ("建筑面积",),
    "inner": ("套内面积",),
    "price": ("单价",),
    "quantity": ("数量", "系数"),
}
FUNCTIONS = {"min": "LEAST", "max": "GREATEST", "round": None}
MAX_LENGTH = 300
_ALIASES = {alias: name for name, aliases in VARIABLES.items() for alias in aliases}
_SIGNS = str.maketrans("×÷−－（），＋＊／", "*/--(),+*/")
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_MAX_PLACES = 6


class FormulaError(ValueError):
    """A formula that cannot be used; the message names the part that is wrong."""


class Formula:
    """A checked formula.

    :param str text: as written by a person
    :raises FormulaError: naming the part that is not allowed
    """

    def __init__(self, text):
        text = (text or "").translate(_SIGNS).strip()
        if not text or len(text) > MAX_LENGTH:
            raise FormulaError(text[:20])
        try:
            self._tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise FormulaError(text[:40]) from error
        self.variables = set()
        self._check(self._tree, text)

    def _check(self, node, text):
        match node:
            case ast.Constant(value=value) if type(value) in (int, float):
                # An exponent such as 1e400 is no price.
                if not Decimal(repr(value)).is_finite() or abs(value) > 1e12:
                    raise FormulaError(ast.get_source_segment(text, node))
            case ast.Name(id=name):
                if _ALIASES.get(name, name) not in VARIABLES:
                    raise FormulaError(name)
                self.variables.add(_ALIASES.get(name, name))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                self._check(left, text)
                self._check(right, text)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                self._check(operand, text)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
                self._check_arguments(name, args, text)
            case _:
                raise FormulaError(ast.get_source_segment(text, node) or text)

    def _check_arguments(self, name, args, text):
        if name != "round":
            if len(args) < 2:
                raise FormulaError(f"{name}()")
        elif not 1 <= len(args) <= 2 or len(args) == 2 and not self._is_places(args[1]):
            raise FormulaError("round()")
        for argument in args:
            self._check(argument, text)

    @staticmethod
    def _is_places(node):
        return isinstance(node, ast.Constant) and type(node.value) is int and 0 <= node.value <= _MAX_PLACES

    def sql(self, columns):
        """The formula as an SQL expression; NULL where a value is missing or a divisor is zero.

        :param dict columns: {variable: SQL}
        """
        return self._sql(self._tree, columns)

    def _sql(self, node, columns):
        match node:
            case ast.Constant(value=value):
                return SQL("%s::numeric", repr(value))
            case ast.Name(id=name):
                return columns[_ALIASES.get(name, name)]
            case ast.UnaryOp(op=op, operand=operand):
                return SQL("(%s %s)", SQL("-" if isinstance(op, ast.USub) else "+"), self._sql(operand, columns))
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return SQL("(%s / NULLIF(%s, 0))", self._sql(left, columns), self._sql(right, columns))
            case ast.BinOp(left=left, op=op, right=right):
                sign = SQL(_OPERATORS[type(op)])
                return SQL("(%s %s %s)", self._sql(left, columns), sign, self._sql(right, columns))
            case ast.Call(func=ast.Name(id="round"), args=args):
                places = args[1].value if len(args) == 2 else 0
                return SQL("round(%s, %s)", self._sql(args[0], columns), places)
            case ast.Call(func=ast.Name(id=name), args=args):
                parts = [self._sql(argument, columns) for argument in args]
                # LEAST and GREATEST overlook a missing value; adding all of them up does not.
                return SQL(
                    "CASE WHEN (%s) IS NOT NULL THEN %s(%s) END",
                    SQL(" + ").join(parts),
                    SQL(FUNCTIONS[name]),
                    SQL(", ").join(parts),
                )

    def evaluate(self, values):
        """The amount for given values, or None where one is missing or a divisor is zero: to try a formula out.

        :param dict values: {variable: number or None}
        """
        try:
            return self._evaluate(self._tree, values)
        except (DivisionByZero, InvalidOperation, TypeError):
            return None

    def _evaluate(self, node, values):
        match node:
            case ast.Constant(value=value):
                return Decimal(repr(value))
            case ast.Name(id=name):
                value = values.get(_ALIASES.get(name, name))
                return None if value is None else Decimal(str(value))
            case ast.UnaryOp(op=op, operand=operand):
                value = self._evaluate(operand, values)
                return -value if isinstance(op, ast.USub) else +value
            case ast.BinOp(left=left, op=op, right=right):
                one, other = self._evaluate(left, values), self._evaluate(right, values)
                match op:
                    case ast.Add():
                        return one + other
                    case ast.Sub():
                        return one - other
                    case ast.Mult():
                        return one * other
                return one / other
            case ast.Call(func=ast.Name(id="round"), args=args):
                places = args[1].value if len(args) == 2 else 0
                return self._evaluate(args[0], values).quantize(Decimal(1).scaleb(-places), rounding="ROUND_HALF_UP")
            case ast.Call(func=ast.Name(id=name), args=args):
                return (min if name == "min" else max)(self._evaluate(argument, values) for argument in args)
