"""Weights quantised anew to 8 bits (Q8_0), which the engine reads; run in its environment.

The command line gives the GGUF to read and the one to write.
"""

import argparse

import numpy
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize, quantize

_MOSTLY_Q8_0 = 7
_WRITTEN_ANYWAY = (
    "GGUF.version",
    "GGUF.tensor_count",
    "GGUF.kv_count",
    "general.architecture",
    "general.file_type",
)


def main() -> None:
    """Read, convert tensor by tensor, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("target")
    options = parser.parse_args()
    reader = GGUFReader(options.source)
    architecture = reader.fields["general.architecture"].contents()
    writer = GGUFWriter(options.target, arch=architecture)
    _copy_fields(reader, writer)
    _convert_tensors(reader, writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _copy_fields(reader: GGUFReader, writer: GGUFWriter) -> None:
    writer.add_file_type(_MOSTLY_Q8_0)
    for field in reader.fields.values():
        if field.name in _WRITTEN_ANYWAY:
            continue
        kind = field.types[0]
        of = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=of)


def _convert_tensors(reader: GGUFReader, writer: GGUFWriter) -> None:
    target = GGMLQuantizationType.Q8_0
    for tensor in reader.tensors:
        values = dequantize(tensor.data, tensor.tensor_type)
        if tensor.tensor_type == GGMLQuantizationType.F32:
            writer.add_tensor(tensor.name, numpy.asarray(values, dtype=numpy.float32))
        else:
            packed = quantize(numpy.asarray(values, dtype=numpy.float32), target)
            writer.add_tensor(tensor.name, packed, raw_dtype=target)


if __name__ == "__main__":
    main()
