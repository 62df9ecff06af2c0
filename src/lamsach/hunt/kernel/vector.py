"""Processor instructions that numba lacks: 64 bytes classified at once, unaligned words, bit counts.

Each is a few lines of LLVM's own language; LLVM turns them into the vector instructions of the machine at
hand (SSE2, AVX2, AVX-512, NEON), so nothing here depends on one.
"""
# numba's typing protocol cannot be expressed for mypy: these functions build code, they do not run.

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

_BYTE = ir.IntType(8)
_WORD = ir.IntType(64)
_LANES = 64
_VECTOR = ir.VectorType(_BYTE, _LANES)


def _splat(value: int) -> Any:
    return ir.Constant(_VECTOR, [value] * _LANES)


def _address(context, builder, array_type, array, index):
    view = context.make_array(array_type)(context, builder, array)
    return cgutils.gep_inbounds(builder, view.data, index)


@intrinsic
def classify(typing_context, data, index):
    """The classes of data[index:index + 64] as words, bit i for byte i.

    In order: dot; name (letter, digit, `-`, `_`, `.`, above 127); digit; hexadecimal digit; colon; `(`; `)`;
    `%`; backslash; `x` or `u`; above 127; line feed.
    """
    result = types.UniTuple(types.uint64, 12)

    def generate(context, builder, signature, arguments):
        array_type, _ = signature.args
        pointer = _address(context, builder, array_type, *arguments)
        pointer = builder.bitcast(pointer, _VECTOR.as_pointer())
        block = builder.load(pointer, typ=_VECTOR) if _load_takes_type() else builder.load(pointer)
        block.align = 1
        lower = builder.or_(block, _splat(32))

        def equal(value, vector=block):
            return builder.bitcast(builder.icmp_unsigned("==", vector, _splat(value)), _WORD)

        def within(first, count, vector=block):
            shifted = builder.sub(vector, _splat(first))
            return builder.bitcast(builder.icmp_unsigned("<", shifted, _splat(count)), _WORD)

        dot = equal(46)
        digit = within(48, 10)
        letter = within(97, 26, lower)
        high = builder.bitcast(builder.icmp_signed("<", block, _splat(0)), _WORD)
        hexadecimal = builder.or_(digit, within(97, 6, lower))
        name = builder.or_(dot, digit)
        for part in (letter, high, equal(45), equal(95)):
            name = builder.or_(name, part)
        escape_kind = builder.or_(equal(120), equal(117))
        words = (dot, name, digit, hexadecimal, equal(58), equal(40), equal(41), equal(37), equal(92))
        words += (escape_kind, high, equal(10))
        return context.make_tuple(builder, signature.return_type, words)

    return result(data, types.intp), generate


@intrinsic
def line_starts(typing_context, data, index, first):
    """Bit i for each place i of data[index:index + 64] with a line feed and then the byte `first`."""

    def generate(context, builder, signature, arguments):
        array_type, _, _ = signature.args
        array, index, first = arguments
        one = context.get_constant(types.intp, 1)
        blocks = []
        for place in (index, builder.add(index, one)):
            pointer = builder.bitcast(
                _address(context, builder, array_type, array, place), _VECTOR.as_pointer()
            )
            block = builder.load(pointer, typ=_VECTOR) if _load_takes_type() else builder.load(pointer)
            block.align = 1
            blocks.append(block)
        wanted = _splat(0)
        for lane in range(_LANES):
            wanted = builder.insert_element(wanted, first, ir.Constant(ir.IntType(32), lane))
        feeds = builder.icmp_unsigned("==", blocks[0], _splat(10))
        return builder.bitcast(builder.and_(feeds, builder.icmp_unsigned("==", blocks[1], wanted)), _WORD)

    return types.uint64(data, types.intp, types.uint8), generate


def _load_takes_type() -> bool:
    return "typ" in ir.IRBuilder.load.__code__.co_varnames


@intrinsic
def load_word(typing_context, data, index):
    """The eight bytes from data[index] on as a little-endian uint64, at any alignment."""

    def generate(context, builder, signature, arguments):
        array_type, _ = signature.args
        pointer = _address(context, builder, array_type, *arguments)
        pointer = builder.bitcast(pointer, _WORD.as_pointer())
        word = builder.load(pointer, typ=_WORD) if _load_takes_type() else builder.load(pointer)
        word.align = 1
        return word

    return types.uint64(data, types.intp), generate


@intrinsic
def peek(typing_context, array, index):
    """array[index] of an array of one dimension, for an index known to be in it: nothing is checked."""

    def generate(context, builder, signature, arguments):
        pointer = _address(context, builder, signature.args[0], *arguments)
        return context.unpack_value(builder, signature.return_type, pointer)

    return array.dtype(array, types.intp), generate


@intrinsic
def poke(typing_context, array, index, value):
    """array[index] = value, unchecked like `peek`."""

    def generate(context, builder, signature, arguments):
        array_type = signature.args[0]
        pointer = _address(context, builder, array_type, *arguments[:2])
        context.pack_value(builder, array_type.dtype, arguments[2], pointer)
        return context.get_dummy_value()

    return types.void(array, types.intp, array.dtype), generate


@intrinsic
def bits_at(typing_context, row, offset):
    """64 bits of a row of words from bit 8 * offset on: an unaligned little-endian word at that byte."""

    def generate(context, builder, signature, arguments):
        array_type, _ = signature.args
        array, index = arguments
        view = context.make_array(array_type)(context, builder, array)
        pointer = builder.gep(builder.bitcast(view.data, _BYTE.as_pointer()), [index])
        pointer = builder.bitcast(pointer, _WORD.as_pointer())
        word = builder.load(pointer, typ=_WORD) if _load_takes_type() else builder.load(pointer)
        word.align = 1
        return word

    return types.uint64(row, types.intp), generate


@intrinsic
def trailing_zeros(typing_context, word):
    """The position of the lowest set bit of a uint64; 64 for 0."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], context.get_constant(types.boolean, False))

    return types.int64(types.uint64), generate


@intrinsic
def leading_zeros(typing_context, word):
    """Number of zero bits above the highest set bit of a uint64; 64 for 0."""

    def generate(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], context.get_constant(types.boolean, False))

    return types.int64(types.uint64), generate


@intrinsic
def count_ones(typing_context, word):
    """Number of set bits of a uint64."""

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


def _view(context, builder, array_type, pointer, shape):
    """The caller's memory as an array of this shape, without a copy and without a count of references."""
    item = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(array_type.dtype)))
    strides = [item]
    for size in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], size))
    array = context.make_array(array_type)(context, builder)
    populate_array(array, data=pointer, shape=shape, strides=strides, itemsize=item, meminfo=None)
    return array._getvalue()


@intrinsic
def row_view(typing_context, pointer, size):
    """The `size` items at the pointer as an array."""
    result = types.Array(pointer.dtype, 1, "C")

    def generate(context, builder, signature, arguments):
        pointer, size = arguments
        return _view(context, builder, signature.return_type, pointer, [size])

    return result(pointer, types.intp), generate


@intrinsic
def table_view(typing_context, pointer, rows, columns):
    """The rows * columns items at the pointer as an array of two dimensions."""
    result = types.Array(pointer.dtype, 2, "C")

    def generate(context, builder, signature, arguments):
        pointer, rows, columns = arguments
        return _view(context, builder, signature.return_type, pointer, [rows, columns])

    return result(pointer, types.intp, types.intp), generate
