"""The programs that compute an answer: which they are, and what an error of theirs means for the process."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

OUT_OF_MEMORY = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
GPU_BROKEN = ("CUDA error", "CUBLAS_STATUS", "CUDNN_STATUS", "cuDNN error", "device-side assert", "NVML")


def fills_memory(error: BaseException) -> bool:
    """Whether memory, a GPU's above all, was too small for this input; the next one may fit."""
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or any(sign in str(error) for sign in OUT_OF_MEMORY)


def breaks_gpu(error: BaseException) -> bool:
    """Whether no later run of this process can use the GPU; one that is merely full can be used again."""
    text = f"{type(error).__name__}: {error}"
    if fills_memory(error):
        return False
    return type(error).__name__ == "AcceleratorError" or any(sign in text for sign in GPU_BROKEN)


@cache
def versions(*programs: str) -> Mapping[str, str]:
    """Of the packages, as far as they are here."""
    found = {}
    for program in programs:
        try:
            found[program] = version(program)
        except PackageNotFoundError:
            continue
    return found
