"""Runs CPython in WebAssembly for one program: a process of its own, which needs nothing of the kernel to hold it.

    python wasm_host.py COMPILED DRIVER GRADER REPLY_BYTES LIMIT=VALUE...

WebAssembly reaches only what it is given: the two pipes, a clock and random numbers; no file, no socket, no process.
The kernel limits CPU time and memory of this process, wasmtime the memory of the program.
"""

import ctypes
import os
import resource
import sys

import wasmtime

SET_DEATH_SIGNAL, KILL = 1, 9
HOST_BYTES = 512 * 2**20  # of wasmtime and the compiled interpreter


def engine() -> wasmtime.Engine:
    """The same settings for compiling and running."""
    config = wasmtime.Config()
    config.parallel_compilation = False  # a job has the cores that it was given
    return wasmtime.Engine(config)


def main() -> None:
    compiled, driver, grader, reply_bytes, *limits = sys.argv[1:]
    ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, KILL, 0, 0, 0)
    if os.getppid() != int(grader):  # it was gone before the line above
        os._exit(1)
    values = {name: int(value) for name, _, value in (limit.partition("=") for limit in limits)}
    # Address space cannot be limited: wasmtime reserves much more than it uses.
    resource.setrlimit(resource.RLIMIT_DATA, (values["AS"] + HOST_BYTES, values["AS"] + HOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (values["CPU"], values["CPU"] + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with open(driver, encoding="utf-8") as file:
        text = file.read()
    machine = engine()
    module = wasmtime.Module.deserialize_file(machine, compiled)
    linker = wasmtime.Linker(machine)
    linker.define_wasi()
    store = wasmtime.Store(machine)
    store.set_limits(memory_size=values["AS"])
    wasi = wasmtime.WasiConfig()
    wasi.argv = ("python", "-s", "-S", "-B", "-c", text, reply_bytes)
    wasi.env = (("PYTHONHASHSEED", "0"),)
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    store.set_wasi(wasi)
    linker.instantiate(store, module).exports(store)["_start"](store)


if __name__ == "__main__":
    try:
        main()
    except Exception:  # a trap, or the exit status of the program
        os._exit(1)
