"""Print the name of each GPU that CUDA starts on, a line each; end with a message if one cannot be used.

Run by `job.usable_gpus` as `python -I list_gpus.py`. Calls the driver's library directly, so it needs neither torch nor
nvidia-smi.
"""

import ctypes
import sys

NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE


def main() -> None:
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        sys.exit(f"the driver's library cannot be loaded ({error})")
    if status := cuda.cuInit(0):
        sys.exit("the driver shows none" if status == NO_DEVICE else f"the driver does not start (CUDA error {status})")
    count, device, context = ctypes.c_int(), ctypes.c_int(), ctypes.c_void_p()
    text = ctypes.create_string_buffer(100)
    cuda.cuDeviceGetCount(ctypes.byref(count))
    for number in range(count.value):
        cuda.cuDeviceGet(ctypes.byref(device), number)
        cuda.cuDeviceGetName(text, 100, device)
        name = text.value.decode()
        if status := cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device):
            sys.exit(f"GPU {number} ({name}) cannot be used (CUDA error {status})")
        cuda.cuDevicePrimaryCtxRelease(device)
        print(name, flush=True)


if __name__ == "__main__":
    main()
